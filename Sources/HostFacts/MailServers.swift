internal import Glibc
internal import MailWatch

/// Tells which processes are mail servers, by what they cannot choose themselves: the exe, its file and the user.
final class MailServers {
    private struct File: Hashable {
        let path: [UInt8]
        let inode: UInt64
        let device: UInt32
        let mountNamespace: UInt32
    }

    /// What the file alone decides.
    private enum Finding {
        case none
        case inContainer(MailSoftware)
        /// `group` is set where the program is set-group-ID.
        case installed(MailSoftware, group: UInt32?)
    }

    private static let limit = 256

    private let software: [MailSoftware]
    private let postfixOwner: String?
    private let mountNamespace: UInt64
    /// Bounded by beginning anew: other mount namespaces have files of any inode.
    private var findings: [File: Finding] = [:]

    init(
        software: [MailSoftware] = MailSoftware.known, postfixOwner: String? = PostfixSettings()["mail_owner"],
        mountNamespace: UInt64 = MailServers.ownMountNamespace
    ) {
        self.software = software
        self.postfixOwner = postfixOwner
        self.mountNamespace = mountNamespace
    }

    /// - Parameter user: name of the effective user; nil where it has none.
    func server(_ process: ProcessDescription, user: String?) -> MailServer? {
        guard !process.isExeDeleted, !process.gaps.contains(.exeTruncated), process.mountNamespace != 0,
            Path.isAbsolute(process.exe)
        else { return nil }
        let file = File(
            path: process.exe, inode: process.exeInode, device: process.exeDevice,
            mountNamespace: process.mountNamespace)
        switch finding(file) {
        case .none: return nil
        case .inContainer(let software): return MailServer(name: software.name, standing: .inContainer)
        case .installed(let software, let group):
            let isByUser =
                user.map { user in
                    software.users.contains(user) || software.name == "Postfix" && user == postfixOwner
                } ?? false
            // Who runs a set-group-ID program has its group, and nobody else has it by this program.
            let isByGroup = software.users.isEmpty && group != nil && process.effectiveGID == group
            return isByUser || isByGroup ? MailServer(name: software.name, standing: .installed) : nil
        }
    }

    private func finding(_ file: File) -> Finding {
        // Most programs are none, and need no memory.
        let path = String(decoding: file.path, as: UTF8.self)
        guard let software = software.first(where: { $0.isAt(path) }) else { return .none }
        if let known = findings[file] { return known }
        if findings.count >= Self.limit { findings = [:] }
        let found = Self.look(at: path, file, software, isHere: UInt64(file.mountNamespace) == mountNamespace)
        findings[file] = found
        return found
    }

    /// A service may have a mount namespace of its own (PrivateTmp=) and still run the host's own file.
    private static func look(at path: String, _ file: File, _ software: MailSoftware, isHere: Bool) -> Finding {
        var status = stat()
        // stat fills the structure.
        let exists = unsafe stat(path, &status) == 0
        guard isHere || exists && isSame(file, status) else { return .inContainer(software) }
        guard exists, status.st_mode & S_IFMT == S_IFREG, isGuarded(status), areFoldersGuarded(path) else {
            return .none
        }
        return .installed(software, group: status.st_mode & S_ISGID != 0 ? status.st_gid : nil)
    }

    private static func isSame(_ file: File, _ status: stat) -> Bool {
        file.inode != 0 && file.inode == UInt64(status.st_ino) && file.device == kernelDevice(UInt64(status.st_dev))
    }

    /// Only root can change it.
    private static func isGuarded(_ status: stat) -> Bool {
        status.st_uid == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    private static func areFoldersGuarded(_ path: String) -> Bool {
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            var status = stat()
            // stat fills the structure.
            guard unsafe stat(folder.isEmpty ? "/" : String(folder), &status) == 0, isGuarded(status) else {
                return false
            }
        }
        return true
    }

    /// Inode of this process's mount namespace; 0 where /proc does not tell, which is that of no process.
    static var ownMountNamespace: UInt64 {
        var status = stat()
        // stat fills the structure.
        return unsafe stat("/proc/self/ns/mnt", &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
