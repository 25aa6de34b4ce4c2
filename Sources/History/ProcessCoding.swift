internal import MailWatch

extension ByteWriter {
    /// All of a process but what makes it another one than the last with the same program: pids and start times.
    mutating func shape(of process: Process) {
        let description = process.description
        for id in [
            description.uid, description.gid, description.effectiveUID, description.effectiveGID, description.loginUID,
        ] {
            number(optional: id)
        }
        number(description.networkNamespace)
        number(description.mountNamespace)
        number(description.cgroupID)
        number(description.exeInode)
        number(description.exeDevice)
        number((description.isExeDeleted ? 1 : 0) | (description.isCwdDeleted ? 2 : 0) as UInt8)
        number(description.gaps.rawValue)
        for bytes in [
            description.comm, description.exe, description.argv, description.cwd, description.root,
            description.cgroupPath,
        ] {
            text(bytes)
        }
        list(description.ancestors) {
            $0.number($1.uid)
            $0.text($1.comm)
        }
        let placement = process.placement
        for name in [
            placement.userName, placement.effectiveUserName, placement.unit, placement.container, placement.opaquePHP,
        ] {
            optional(name) { $0.text($1) }
        }
        optional(placement.mailServer) {
            $0.text($1.name)
            $0.number($1.standing == .installed ? 0 : 1 as UInt8)
        }
        // Nothing but argv tells about it: there is no context.
        optional(process.script) {
            $0.text($1.path)
            $0.optional($1.facts) { $0.facts($1) }
        }
        origin(of: description)
    }

    /// Namespaces, the legacy cgroup and the exec: what earlier recorders did not know of.
    private mutating func origin(of description: ProcessDescription) {
        number(description.userNamespace)
        number(description.exeMountNamespace)
        number(description.exeMountOwner)
        number(description.isKernelThread ? 1 : 0 as UInt8)
        optional(description.legacyCgroupPath) { $0.text($1) }
        optional(description.execution) { writer, execution in
            // Most are at the connect what they were at exec.
            let isArgvSame = execution.argv == description.argv
            let isCwdSame = execution.cwd == description.cwd
            let flags = [
                execution.isArgvTruncated, execution.hasLoaderVariables, execution.hasInterpreterVariables,
                execution.isEnvironmentTruncated, isArgvSame, isCwdSame,
            ]
            writer.number(flags.reversed().reduce(0 as UInt8) { $0 << 1 | ($1 ? 1 : 0) })
            writer.number(execution.exeInode)
            writer.number(execution.exeDevice)
            if !isArgvSame { writer.text(execution.argv) }
            if !isCwdSame { writer.text(execution.cwd) }
        }
    }

    /// Pids and start times of those above.
    mutating func lineage(of process: Process) {
        list(process.description.ancestors) {
            $0.number($1.pid)
            $0.number($1.startTime)
        }
    }
}

extension ByteReader {
    static func process(
        shape: [UInt8], lineage: [UInt8], pid: UInt32, startTime: UInt64
    ) throws(Malformed) -> Process {
        var reader = ByteReader(shape)
        var process = ProcessDescription()
        process.pid = pid
        process.startTime = startTime
        process.uid = try reader.optionalNumber()
        process.gid = try reader.optionalNumber()
        process.effectiveUID = try reader.optionalNumber()
        process.effectiveGID = try reader.optionalNumber()
        process.loginUID = try reader.optionalNumber()
        process.networkNamespace = try reader.number()
        process.mountNamespace = try reader.number()
        process.cgroupID = try reader.number()
        process.exeInode = try reader.number()
        process.exeDevice = try reader.number()
        let flags: UInt8 = try reader.number()
        process.isExeDeleted = flags & 1 != 0
        process.isCwdDeleted = flags & 2 != 0
        process.gaps = ProcessDescription.Gaps(rawValue: try reader.number())
        process.comm = try reader.text()
        process.exe = try reader.text()
        process.argv = try reader.text()
        process.cwd = try reader.text()
        process.root = try reader.text()
        process.cgroupPath = try reader.text()
        process.ancestors = try reader.list { reader throws(Malformed) in
            .init(pid: 0, uid: try reader.number(), startTime: 0, comm: try reader.text())
        }
        var above = ByteReader(lineage)
        guard try above.number() as Int.Magnitude == process.ancestors.count.magnitude else { throw Malformed() }
        for index in process.ancestors.indices {
            process.ancestors[index].pid = try above.number()
            process.ancestors[index].startTime = try above.number()
        }
        var placement = Placement()
        placement.userName = try reader.optionalString()
        placement.effectiveUserName = try reader.optionalString()
        placement.unit = try reader.optionalString()
        placement.container = try reader.optionalString()
        placement.opaquePHP = try reader.optionalString()
        placement.mailServer = try reader.optional { reader throws(Malformed) in
            let name = try reader.string()
            let standing: UInt8 = try reader.number()
            return MailServer(name: name, standing: standing == 0 ? .installed : .inContainer)
        }
        let script = try reader.optional { reader throws(Malformed) in
            let path = try reader.text()
            let facts = try reader.optional { reader throws(Malformed) in try reader.facts() }
            return Script(evidence: .argv, path: path, context: nil, facts: facts)
        }
        if !reader.isAtEnd { try reader.origin(of: &process) }
        return Process(identity: 0, description: process, placement: placement, script: script)
    }

    private mutating func origin(of description: inout ProcessDescription) throws(Malformed) {
        description.userNamespace = try number()
        description.exeMountNamespace = try number()
        description.exeMountOwner = try number()
        let isKernelThread: UInt8 = try number()
        description.isKernelThread = isKernelThread != 0
        description.legacyCgroupPath = try optional { reader throws(Malformed) in try reader.text() }
        let process = description
        description.execution = try optional { reader throws(Malformed) in
            var execution = ProcessDescription.Execution()
            let flags: UInt8 = try reader.number()
            execution.isArgvTruncated = flags & 1 != 0
            execution.hasLoaderVariables = flags & 2 != 0
            execution.hasInterpreterVariables = flags & 4 != 0
            execution.isEnvironmentTruncated = flags & 8 != 0
            execution.exeInode = try reader.number()
            execution.exeDevice = try reader.number()
            execution.argv = flags & 16 != 0 ? process.argv : try reader.text()
            execution.cwd = flags & 32 != 0 ? process.cwd : try reader.text()
            return execution
        }
    }

    private mutating func optionalString() throws(Malformed) -> String? {
        try optional { reader throws(Malformed) in try reader.string() }
    }
}
