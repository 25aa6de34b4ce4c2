public import MailWatch

/// What is told of scripts in text, each piece in one way only. All of it is raw: who writes it escapes it.
public enum ScriptText {
    /// `file:line Class::method`
    static func place(_ frame: PHPContext.Frame) -> [UInt8] {
        var text: [UInt8] = []
        if frame.file.isEmpty {
            text.append((frame.kind == .internal ? "[internal]" : "[no file]") as StaticString)
        } else {
            text += frame.file
            text.append(UInt8(ascii: ":"))
            text.append(decimal: UInt64(frame.line))
        }
        let call = frame.call
        if !call.isEmpty { text += [UInt8(ascii: " ")] + call }
        return text
    }

    /// All frames, the innermost first.
    public static func stack(_ context: PHPContext) -> [UInt8] {
        Array(context.frames.map(place).joined(separator: Array(" < ".utf8)))
    }

    /// Text in which no blank is overlooked: in quotes where it is empty, begins or ends with a blank or has two in a row.
    static func visible(_ text: some BidirectionalCollection<UInt8>) -> [UInt8] {
        let blank = UInt8(ascii: " ")
        let hidesBlank =
            text.isEmpty || text.first == blank || text.last == blank
            || zip(text, text.dropFirst()).contains { $0 == blank && $1 == blank }
        return hidesBlank ? [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")] : Array(text)
    }

    /// The arguments, of which an empty one and blanks can be seen; comm in brackets where there are none.
    public static func commandLine(_ process: Process) -> [UInt8] {
        let arguments = process.description.arguments
        return arguments.isEmpty
            ? process.commandLine : Array(arguments.map(visible).joined(separator: [UInt8(ascii: " ")]))
    }

    /// `path:line`, the path alone, or nothing.
    public static func location(_ script: Script) -> [UInt8] {
        guard !script.path.isEmpty else { return [] }
        var text = visible(script.path)
        if script.line > 0 {
            text.append(UInt8(ascii: ":"))
            text.append(decimal: UInt64(script.line))
        }
        return text
    }

    /// `line 3 of the code evaluated there`: the place within code that the script compiles from text at its own line. Empty
    /// for code of the file itself.
    static func evaluated(_ script: Script) -> [UInt8] {
        script.evaluatedLine.map { Array("line \($0) of the code evaluated there".utf8) } ?? []
    }

    /// `GET shop.example/contact from 203.0.113.9`, as much of it as there is.
    static func request(_ context: PHPContext) -> [UInt8] {
        let words = [context.method, context.host + context.path]
        var text = Array(words.filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: " ")]))
        if !context.client.isEmpty { text += Array(" from ".utf8) + context.client }
        return text
    }

    /// `WordPress 6.1.6, plugin acme, in /var/www/shop`
    public static func application(_ application: WebApplication) -> [UInt8] {
        var text: [UInt8] = []
        if application.kind != .plain {
            text.append(application.kind.rawValue)
            if let version = application.version { text.append(" \(version)") }
            text.append(", " as StaticString)
        }
        if let component = application.component {
            text += self.component(component)
            text.append(", " as StaticString)
        }
        text.append("in " as StaticString)
        return text + application.root
    }

    /// `owner root, changed 2018-02-12T11:32:03.000000000Z, 1044 bytes, sha256 …`, as much of it as is known.
    public static func file(_ facts: ScriptFacts) -> [UInt8] {
        var pieces: [[UInt8]] = []
        if let owner = facts.owner ?? facts.uid.map(String.init) { pieces.append(Array("owner \(owner)".utf8)) }
        if let time = facts.modificationTime {
            var piece = Array("changed ".utf8)
            Timestamp.append(time, to: &piece)
            pieces.append(piece)
        }
        if let size = facts.size { pieces.append(Array("\(size) bytes".utf8)) }
        if let hash = facts.sha256 { pieces.append(Array("sha256 \(hexadecimal(hash))".utf8)) }
        if let obstacle = facts.obstacle { pieces.append(Array(obstacle.rawValue.utf8)) }
        return Array(pieces.joined(separator: Array(", ".utf8)))
    }

    static func component(_ component: WebApplication.Component) -> [UInt8] {
        component.name.isEmpty
            ? Array(component.kind.rawValue.utf8) : Array("\(component.kind.rawValue) ".utf8) + component.name
    }

    static func gaps(_ context: PHPContext) -> [String] {
        PHPContext.Gaps.names.filter { context.gaps.contains($0.gap) }.map { "\($0.name)" }
    }

    /// The script, or the command line where there is none or its folder is not known.
    public static func label(_ connection: Connection) -> [UInt8] {
        guard let script = connection.script, script.evidence != .argv || Path.isAbsolute(script.path) else {
            return commandLine(connection.process)
        }
        return location(script)
    }

    /// Who is behind a connection, in a line: the script, and the command line unless PHP's stack says more.
    public static func who(_ connection: Connection) -> [UInt8] {
        let process = connection.process
        var pieces: [[UInt8]] = []
        if let script = connection.php ?? connection.origin, let context = script.context {
            var head = location(script)
            if let call = context.culpritFrame?.call, !call.isEmpty { head += [UInt8(ascii: " ")] + call }
            pieces.append(head)
            pieces.append(evaluated(script))
            pieces.append(request(context))
            if let application = script.facts?.application { pieces.append(self.application(application)) }
            if !context.pool.isEmpty { pieces.append(Array("pool ".utf8) + context.pool) }
            let gaps = gaps(context)
            if !gaps.isEmpty { pieces.append(Array("partial: \(gaps.joined(separator: " "))".utf8)) }
            // PHP's own command line says less than its stack.
            if connection.php == nil { pieces.append(commandLine(process)) }
        } else {
            if let script = process.script, Path.isAbsolute(script.path) { pieces.append(location(script)) }
            pieces.append(commandLine(process))
            if let reason = process.placement.opaquePHP { pieces.append(Array("partial: \(reason)".utf8)) }
        }
        return Array(pieces.filter { !$0.isEmpty }.joined(separator: Array(" | ".utf8)))
    }
}

/// Hexadecimal digits, two a byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
