internal import CLinux
internal import Glibc

/// The two namespaces and what runs in them. What it has started ends with this process, however that ends.
final class DemoStage {
    /// Of mailsnoop.
    static let program: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Writes no more than the buffer holds, and leaves its last byte.
        let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        return String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    let networkNamespace: UInt32
    private let sink: (child: Int32, output: Int32)
    private var isOver = false
    private let site: (child: Int32, output: Int32)

    init() throws {
        guard geteuid() == 0 else {
            throw Failure(
                description: "the demo makes network namespaces: run it as root (sudo).", exitStatus: EX_NOPERM)
        }
        for tool in ["ip", "setpriv", "mount"] where !Self.isInstalled(tool) {
            throw Failure(
                description:
                    "the demo needs the program `\(tool)`: install \(tool == "ip" ? "iproute2" : "util-linux").",
                exitStatus: EX_UNAVAILABLE)
        }
        guard let language = DemoScripts.Language.allCases.first(where: { Self.isInstalled($0.rawValue) }) else {
            throw Failure(
                description: "the demo's spammer needs PHP or Perl: install perl.", exitStatus: EX_UNAVAILABLE)
        }
        // They stand in single quotes.
        guard !Self.program.contains("'") else {
            throw Failure(description: "the demo cannot run from a path with a quote in it.", exitStatus: EX_USAGE)
        }
        sink = Self.start(DemoScripts.sink(Self.program))
        site = Self.start(DemoScripts.site(Self.program, language: language))
        guard Self.isReady(sink), Self.isReady(site) else {
            Self.stop(sink)
            Self.stop(site)
            throw Failure(
                description: "no network namespaces can be made here: in a container, run the demo on its host.",
                exitStatus: EX_UNAVAILABLE)
        }
        var status = stat()
        // stat fills what it is given.
        unsafe stat("/proc/\(site.child)/ns/net", &status)
        networkNamespace = UInt32(truncatingIfNeeded: status.st_ino)
    }

    deinit { end() }

    /// Joins the two; what runs in them begins to send.
    func begin() throws {
        let line =
            "ip link add eth0 netns \(sink.child) type veth peer name eth0 netns \(site.child) 2>/dev/null && echo ready"
        let joined = Self.start(line, isolated: false)
        defer { Self.stop(joined) }
        guard Self.isReady(joined) else {
            throw Failure(
                description: "this kernel makes no pair of virtual network devices (veth).", exitStatus: EX_UNAVAILABLE)
        }
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        Self.stop(site)
        Self.stop(sink)
    }

    private static func isInstalled(_ program: String) -> Bool {
        let folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(separator: ":")
        return folders.contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
    }

    private static func start(_ script: String, isolated: Bool = true) -> (child: Int32, output: Int32) {
        var output: Int32 = -1
        let child = unsafe clinux_start(script, isolated, &output)
        return (child, output)
    }

    /// Whether it says so within ten seconds.
    private static func isReady(_ process: (child: Int32, output: Int32)) -> Bool {
        guard process.child > 0 else { return false }
        var source = pollfd(fd: process.output, events: Int16(POLLIN), revents: 0)
        var word = [UInt8](repeating: 0, count: 6)
        // One source; reads at most what the array holds.
        return unsafe poll(&source, 1, 10_000) == 1 && read(process.output, &word, word.count) == 6
    }

    private static func stop(_ process: (child: Int32, output: Int32)) {
        guard process.child > 0 else { return }
        clinux_kill(process.child)
        close(process.output)
    }
}
