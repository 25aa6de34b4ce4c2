internal import MailWatch

extension ByteWriter {
    /// All of a script but what makes each request another one: the process, what was asked for and by whom.
    mutating func shape(of script: Script) {
        text(script.evidence.rawValue)
        text(script.path)
        number(script.line)
        optional(script.facts) { $0.facts($1) }
        optional(script.context) {
            $0.number(optional: $1.uid)
            $0.text($1.version)
            $0.text($1.sapi)
            $0.text($1.script)
            $0.text($1.pool)
            $0.number($1.gaps.rawValue)
            $0.list($1.frames) {
                $0.number($1.kind.rawValue)
                $0.text($1.file)
                $0.number($1.line)
                $0.text($1.function)
                $0.text($1.scope)
                $0.number($1.gaps.rawValue)
            }
        }
    }

    /// What the request is for.
    mutating func target(of context: PHPContext) {
        text(context.method)
        text(context.host)
        text(context.path)
    }

    mutating func facts(_ facts: ScriptFacts) {
        optional(facts.obstacle) { $0.text($1.rawValue) }
        number(optional: facts.uid)
        optional(facts.owner) { $0.text($1) }
        optional(facts.size) { $0.number($1) }
        optional(facts.modificationTime) { $0.number($1) }
        optional(facts.sha256) { $0.text($1) }
        optional(facts.application) {
            $0.text($1.kind.rawValue)
            $0.optional($1.version) { $0.text($1) }
            $0.text($1.root)
            $0.optional($1.component) {
                $0.text($1.kind.rawValue)
                $0.text($1.name)
            }
        }
    }
}

extension ByteReader {
    static func script(
        shape: [UInt8], target: [UInt8], client: [UInt8], pid: UInt32, startTime: UInt64
    ) throws(Malformed) -> Script {
        var reader = ByteReader(shape)
        let evidence: Script.Evidence = try reader.named()
        let path = try reader.text()
        let line: UInt32 = try reader.number()
        let facts = try reader.optional { reader throws(Malformed) in try reader.facts() }
        var context = try reader.optional { reader throws(Malformed) in try reader.context() }
        if context != nil {
            var reader = ByteReader(target)
            context?.method = try reader.text()
            context?.host = try reader.text()
            context?.path = try reader.text()
            context?.client = client
            context?.pid = pid
            context?.startTime = startTime
        }
        return Script(evidence: evidence, path: path, line: line, context: context, facts: facts)
    }

    private mutating func context() throws(Malformed) -> PHPContext {
        var context = PHPContext()
        context.uid = try optionalNumber()
        context.version = try string()
        context.sapi = try text()
        context.script = try text()
        context.pool = try text()
        context.gaps = PHPContext.Gaps(rawValue: try number())
        context.frames = try list { reader throws(Malformed) in
            guard let kind = PHPContext.Frame.Kind(rawValue: try reader.number()) else { throw Malformed() }
            return PHPContext.Frame(
                kind: kind, file: try reader.text(), line: try reader.number(), function: try reader.text(),
                scope: try reader.text(), gaps: PHPContext.Gaps(rawValue: try reader.number()))
        }
        return context
    }

    mutating func facts() throws(Malformed) -> ScriptFacts {
        var facts = ScriptFacts()
        facts.obstacle = try optional { reader throws(Malformed) in try reader.named() }
        facts.uid = try optionalNumber()
        facts.owner = try optional { reader throws(Malformed) in try reader.string() }
        facts.size = try optional { reader throws(Malformed) in try reader.number() }
        facts.modificationTime = try optional { reader throws(Malformed) in try reader.number() }
        facts.sha256 = try optional { reader throws(Malformed) in try reader.text() }
        facts.application = try optional { reader throws(Malformed) in
            let kind: WebApplication.Kind = try reader.named()
            let version = try reader.optional { reader throws(Malformed) in try reader.string() }
            let root = try reader.text()
            let component = try reader.optional { reader throws(Malformed) in
                WebApplication.Component(kind: try reader.named(), name: try reader.text())
            }
            return WebApplication(kind: kind, version: version, root: root, component: component)
        }
        return facts
    }
}
