/// What makes the connections of one process and script suspicious or trusted, whatever they do: found out once.
struct SenderProfile: Sendable {
    /// Where the configuration lets it send.
    enum Trust: Sendable {
        case none
        case anywhere
        case networks([Network])
    }

    let trust: Trust
    let reasons: [Reason]
    /// Its number with `FanOut`, once it has been noted there.
    var fanOut: Int?
    /// Judgements that came without a dialogue, and from what: connections of a storm are alike.
    private var judged: [(cause: Judge.Cause, judgement: Judgement)] = []

    init(_ connection: Connection, policy: Policy) {
        trust = Self.trust(of: connection, policy: policy)
        let description = connection.process.description
        let program = connection.process.program
        var reasons: [Reason] = []
        if let server = connection.process.placement.mailServer, server.standing == .inContainer {
            reasons.append(Reason(.mailServerInContainer, program: program, name: Array(server.name.utf8)))
        }
        if connection.process.placement.exe == .former {
            reasons.append(Reason(.programUpgraded, program: program))
        } else if description.isExeDeleted {
            reasons.append(Reason(.exeDeleted, program: program))
        }
        let doubts = description.doubts
        reasons += Doubts.codes.compactMap { doubts.contains($0.doubt) ? Reason($0.code, program: program) : nil }
        let isTemporary = Self.isTemporary(description.exe, policy)
        if description.gaps.contains(.exeTruncated) {
            reasons.append(Reason(.exeInTemporaryFolder, Self.cutSentence("program", program)))
        } else if isTemporary {
            reasons.append(Reason(.exeInTemporaryFolder, program: program))
        } else if Self.isUploaded(exe: description.exe, policy) {
            reasons.append(Reason(.exeInUploads, program: program))
        }
        if let script = connection.script { reasons += Self.reasons(script, description, policy) }
        if let name = ProgramClaim.foreignName(of: description, isTemporary: isTemporary) {
            reasons.append(Reason(.argvMismatch, program: program, name: name))
        }
        if ProgramClaim.hidesArguments(description), let former = description.formerArguments {
            let command = Array(former.joined(separator: [UInt8(ascii: " ")]))
            reasons.append(Reason(.argvChanged, program: program, name: command))
        }
        self.reasons = reasons
    }

    /// The judgement of such a cause before.
    func judgement(of cause: Judge.Cause) -> Judgement? { judged.first { $0.cause == cause }?.judgement }

    mutating func remember(_ judgement: Judgement, of cause: Judge.Cause) {
        // A connect, its end, and one that goes elsewhere.
        if judged.count >= 4 { judged = [] }
        judged.append((cause, judgement))
    }

    private static func trust(of connection: Connection, policy: Policy) -> Trust {
        var networks: [Network] = []
        for trust in policy.trusted where trust.covers(connection) {
            if trust.destinations.isEmpty { return .anywhere }
            networks += trust.destinations
        }
        return networks.isEmpty ? .none : .networks(networks)
    }

    /// What is suspicious of a script, whatever runs it.
    private static func reasons(_ script: Script, _ process: ProcessDescription, _ policy: Policy) -> [Reason] {
        var reasons: [Reason] = []
        func add(_ code: Reason.Code) { reasons.append(Reason(code, program: [], name: script.path)) }
        if script.facts?.obstacle == .missing { add(.scriptDeleted) }
        let isCut = script.path.starts(with: "...".utf8)
        if isCut || isOfUnreadableFolder(script, process) {
            reasons.append(Reason(.scriptInTemporaryFolder, cutSentence("script", script.path)))
        } else if isTemporary(place(of: script, process), policy) {
            add(.scriptInTemporaryFolder)
        }
        if isUploaded(script, policy) { add(.scriptInUploads) }
        return reasons
    }

    private static func cutSentence(_ kind: StaticString, _ path: [UInt8]) -> [UInt8] {
        Array("The path of the \(kind) ".utf8) + path
            + Array(" is too long to be read whole: it may lie in a folder for temporary files.".utf8)
    }

    /// The directory that the script's path is relative to was too long to be read whole.
    private static func isOfUnreadableFolder(_ script: Script, _ process: ProcessDescription) -> Bool {
        guard script.facts?.obstacle == .unknownDirectory, let execution = process.execution else { return false }
        return execution.cwd.isEmpty && script.evidence == .argv
    }

    /// The script's path in the mount namespace. Where it is relative, to the directory at the connect: it may have been
    /// another one.
    private static func place(of script: Script, _ process: ProcessDescription) -> [UInt8] {
        guard let path = Path.join(script.path, to: process.cwd) else { return script.path }
        let root = Path.isAbsolute(script.path) ? Path.components(process.root) : []
        return Path.absolute(root + Path.components(path))
    }

    private static func isTemporary(_ exe: [UInt8], _ policy: Policy) -> Bool {
        policy.temporaryFolders.contains { exe.starts(with: $0.utf8) && exe.dropFirst($0.utf8.count).first == 0x2F }
    }

    /// What packages install, and what web sites are below. `/media/disk/backup` and `/home/ann/files/tool` are no uploads.
    private static let systemFolders = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt"]
    private static let webRoots = [
        "www", "srv", "htdocs", "httpdocs", "public_html", "html", "web", "webroot", "public", "vhosts", "domains",
        "sites",
        "wp-content",
    ]

    private static func isUploaded(exe: [UInt8], _ policy: Policy) -> Bool {
        let folders = Path.components(exe).dropLast()
        guard let first = folders.first, !first.isOne(of: systemFolders),
            let root = folders.firstIndex(where: { $0.isOne(of: webRoots) })
        else { return false }
        return folders[(root + 1)...].contains { $0.isOne(of: policy.uploadFolders) }
    }

    private static func isUploaded(_ script: Script, _ policy: Policy) -> Bool {
        let application = script.facts?.application
        // Who can write into a folder for uploads can put what looks like an application there.
        let above = Path.components(application?.root ?? [])
        if above.contains(where: { $0.isOne(of: ["uploads"]) }) { return true }
        if let component = application?.component { return component.kind == .uploads }
        let folders = Path.components(script.path).dropLast()
        if folders.contains(where: { $0.isOne(of: ["uploads"]) }) { return true }
        // An application that is known keeps code of its own in folders that are called so.
        return application.map { $0.kind == .plain } ?? true && isUploaded(exe: script.path, policy)
    }
}

extension Policy.Trust {
    /// Whether all that is given, but for the destinations, is true of the connection's process and script.
    fileprivate func covers(_ connection: Connection) -> Bool {
        guard exe != nil || uid != nil || script != nil || unit != nil || container != nil || !destinations.isEmpty
        else {
            return false
        }
        let process = connection.process
        // A connect whose description was lost has neither.
        func covers(_ pattern: String?, _ text: [UInt8]) -> Bool {
            pattern.map { !text.isEmpty && ConnectionFilter.glob($0, text) } ?? true
        }
        let known = connection.script.flatMap { $0.evidence == .argv ? nil : $0.path } ?? []
        return coversUser(of: process) && covers(exe, process.description.exe)
            && covers(script, known) && coversUnit(of: process.placement)
            && covers(container, Array((process.placement.container ?? "").utf8))
            && (exe == nil && script == nil || isProven(connection))
    }

    /// The same number is another user in a container.
    private func coversUser(of process: Process) -> Bool {
        guard let uid else { return true }
        return uid == process.description.uid && (process.placement.container == nil || container != nil)
    }

    /// A unit within a container is the container's word. What a delegated user made counts only where the pattern
    /// names it behind a slash.
    private func coversUnit(of placement: Placement) -> Bool {
        guard let unit else { return true }
        guard let whole = placement.unit, placement.container == nil || container != nil else { return false }
        func halves(_ text: String) -> [Substring] { text.split(separator: "/", maxSplits: 1) }
        let (wanted, found) = (halves(unit), halves(whole))
        guard let first = found.first, first != "...", wanted.count <= found.count else { return false }
        return zip(wanted, found).allSatisfy { ConnectionFilter.glob(String($0), Array($1.utf8)) }
    }

    /// Whether the paths of the exe and the script tell which code runs: neither may be what a user without privileges
    /// can put there, unless it is the user that is trusted.
    private func isProven(_ connection: Connection) -> Bool {
        let description = connection.process.description
        let placement = connection.process.placement
        guard description.doubts.isEmpty, !description.gaps.contains(.exeTruncated) else { return false }
        // Its files are its own. Whoever trusts it trusts its root, who alone can mount there.
        if container != nil { return description.exeMountNamespace == description.mountNamespace }
        let isAlone = uid == nil && unit == nil
        guard !isAlone || placement.isExeMountedByHost && description.execution != nil else { return false }
        func isGuarded(_ standing: FileStanding?) -> Bool { standing?.owner.map { $0 == 0 || $0 == uid } == true }
        // A script's name comes from the memory of the program that runs it.
        return isGuarded(placement.exe) && (script == nil || isGuarded(connection.script?.facts?.standing))
    }
}

extension ArraySlice<UInt8> {
    fileprivate func isOne(of names: [String]) -> Bool { names.contains { elementsEqual($0.utf8) } }
}
