import Testing

@testable import MailWatch

/// Which processes an entry of [[trusted]] covers, and which only look like them.
struct TrustTests {
    private let check = "/usr/lib/nagios/plugins/check_smtp"

    private func process(_ change: (inout ProcessDescription) -> Void = { _ in }) -> ProcessDescription {
        var process = ProcessDescription.sample
        process.exe = Array(check.utf8)
        process.argv = process.exe + [0]
        change(&process)
        process.execution?.argv = process.argv
        return process
    }

    /// A whole delivery.
    private func judgement(
        _ process: ProcessDescription, _ placement: Placement, _ entry: Policy.Trust,
        facts: ScriptFacts? = nil, php: PHPContext? = nil
    ) throws -> Judgement {
        var trace = JudgedTrace(process, facts: facts, php: php, placement: placement) { $0.trusted = [entry] }
        return try trace.whole(.said("EHLO host.example"), .said("MAIL FROM:<a@b.example>", 2))
    }

    private func judgement(
        _ process: ProcessDescription, _ trust: (inout Policy.Trust) -> Void
    ) throws -> Judgement {
        var entry = Policy.Trust()
        trust(&entry)
        return try judgement(process, .sample, entry)
    }

    private func byExe(_ trust: inout Policy.Trust) { trust.exe = check }

    @Test func hostsOwnProgramIsTrusted() throws {
        #expect(try judgement(process(), byExe).codes == [.trusted])
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let code: Reason.Code
        let change: @Sendable (inout ProcessDescription) -> Void

        init(_ code: Reason.Code, _ change: @escaping @Sendable (inout ProcessDescription) -> Void) {
            self.code = code
            self.change = change
        }

        var testDescription: String { code.rawValue }
    }

    /// What an unprivileged user can do to have a trusted path, or a trusted program with other code.
    private static let forgeries = [
        Forgery(.userNamespace) { $0.userNamespace = 4_026_532_301 },
        Forgery(.unprivilegedMount) { $0.exeMountOwner = 4_026_532_301 },
        Forgery(.unprivilegedMount) { $0.exeMountOwner = 0 },
        Forgery(.exeUnmounted) { $0.exeMountNamespace = 0 },
        Forgery(.exeChanged) { $0.execution?.exeInode += 1 },
        Forgery(.exeChanged) { $0.execution?.exeDevice += 1 },
        Forgery(.exeChanged) { $0.exeInode = 0 },
        Forgery(.loaderVariables) { $0.execution?.hasLoaderVariables = true },
        Forgery(.environmentTruncated) { $0.execution?.isEnvironmentTruncated = true },
    ]

    @Test(arguments: forgeries) func doubtIsAReasonAndNoTrust(forgery: Forgery) throws {
        let forged = process(forgery.change)
        let judgement = try judgement(forged, byExe)
        #expect(judgement.verdict == Verdict.directMX)
        #expect(judgement.codes == [.remoteMX, .noMailServer, forgery.code])
        // Nor with the user that it is.
        let withUser = try self.judgement(forged) {
            $0.exe = check
            $0.uid = 33
        }
        #expect(withUser.verdict == Verdict.directMX)
        // The user alone is the kernel's word, whatever it runs.
        #expect(try self.judgement(forged) { $0.uid = 33 }.verdict == Verdict.mta)
    }

    @Test(arguments: [
        "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-2.31.so", "ld.so", "ld64.so.2", "ld-musl-x86_64.so.1",
        "libc.so",
    ])
    func loaderIsNotTheProgramThatItRuns(name: String) throws {
        let path = "/usr/lib/x86_64-linux-gnu/\(name)"
        let loader = process {
            $0.exe = Array(path.utf8)
            $0.argv = Array("\(path)\0\(check)\0".utf8)
        }
        let judgement = try judgement(loader) { $0.exe = "/usr/lib/*" }
        #expect(judgement.codes == [.remoteMX, .noMailServer, .runByLoader])
    }

    @Test(arguments: ["ld", "ldap.so", "ldd", "build.so", "old.so", "libc.so.6", "ld-check", "lda"])
    func programWithANameLikeTheLoadersIsNone(name: String) throws {
        let program = process {
            $0.exe = Array("/usr/lib/\(name)".utf8)
            $0.argv = $0.exe + [0]
        }
        #expect(try judgement(program) { $0.exe = "/usr/lib/*" }.codes == [.trusted])
    }

    /// Of a program that is no interpreter they say nothing.
    @Test(arguments: [
        ("/usr/bin/perl", true), ("/usr/bin/python3.11", true), ("/usr/bin/node", true), ("/usr/bin/curl", false),
    ])
    func variablesOfAnInterpreterAreTheOnesItReads(exe: String, isDoubtful: Bool) throws {
        let sender = process {
            $0.exe = Array(exe.utf8)
            $0.argv = $0.exe + [0]
            $0.execution?.hasInterpreterVariables = true
        }
        let judgement = try judgement(sender) { $0.exe = "/usr/bin/*" }
        #expect(judgement.verdict == (isDoubtful ? Verdict.directMX : Verdict.mta))
        #expect(judgement.codes.contains(.interpreterVariables) == isDoubtful)
    }

    @Test func whatWasNotReadIsNotTrusted() throws {
        #expect(try judgement(process { $0.userNamespace = 0 }, byExe).codes == [.remoteMX, .noMailServer])
        #expect(try judgement(process { $0.gaps = .exeTruncated }, byExe).verdict == Verdict.directMX)
    }

    @Test(
        arguments: [
            (.own(owner: 0), nil, true), (.own(owner: 0), 33, true), (.own(owner: 33), 33, true), (.former, nil, true),
            (.own(owner: 33), nil, false), (.own(owner: 34), 33, false), (.writable, 33, false),
            (.foreign, 33, false), (.unknown, 33, false),
        ] as [(FileStanding, UInt32?, Bool)])
    func fileIsRootsOrTheTrustedUsers(standing: FileStanding, uid: UInt32?, isTrusted: Bool) throws {
        var entry = Policy.Trust()
        entry.exe = check
        entry.uid = uid
        var placement = Placement.sample
        placement.exe = standing
        let judgement = try judgement(process(), placement, entry)
        #expect((judgement.verdict == Verdict.mta) == isTrusted)
    }

    /// Who can only name the program has to be sure of it; who names a user or a unit need not have seen its start.
    @Test func exeAloneHasToBeKnownFromItsStart() throws {
        let unseen = process { $0.execution = nil }
        func verdict(
            _ process: ProcessDescription, isMountedByHost: Bool = true, uid: UInt32? = nil, unit: String? = nil
        ) throws -> Verdict {
            var entry = Policy.Trust()
            entry.exe = check
            entry.uid = uid
            entry.unit = unit
            var placement = Placement.sample
            placement.unit = "icinga2.service"
            placement.isExeMountedByHost = isMountedByHost
            return try judgement(process, placement, entry).verdict
        }
        #expect(try verdict(unseen) == .directMX)
        #expect(try verdict(unseen, uid: 33) == .mta)
        #expect(try verdict(unseen, unit: "icinga2.service") == .mta)
        // PrivateTmp=
        #expect(try verdict(process(), isMountedByHost: false) == .directMX)
        #expect(try verdict(process(), isMountedByHost: false, uid: 33) == .mta)
    }

    @Test(
        arguments: [
            ("backup.service", "backup.service", nil, true), ("backup.service", "backup.service/x.service", nil, true),
            ("backup.service", "user@1000.service/backup.service", nil, false),
            ("*backup.service", "user@1000.service/backup.service", nil, false),
            ("backup.service", ".../backup.service", nil, false), ("*", ".../backup.service", nil, false),
            (".../backup.service", ".../backup.service", nil, false),
            ("user@1000.service/backup.service", "user@1000.service/backup.service", nil, true),
            ("user@1000.service/backup.service", "user@1000.service", nil, false),
            ("user@1000.service/backup.service", "user@1001.service/backup.service", nil, false),
            ("backup.service", "backup.service", "web1", false),
        ] as [(String, String, String?, Bool)])
    func unitIsTheSystems(pattern: String, unit: String, container: String?, isTrusted: Bool) throws {
        var entry = Policy.Trust()
        entry.unit = pattern
        var placement = Placement.sample
        placement.unit = unit
        placement.container = container
        #expect((try judgement(process(), placement, entry).verdict == .mta) == isTrusted)
    }

    /// In a container the same number is somebody else, and its files are its own.
    @Test func containerIsTrustedByItsName() throws {
        func verdict(
            _ process: ProcessDescription, container: String? = nil, exe: String? = nil, uid: UInt32? = nil
        ) throws -> Verdict {
            var entry = Policy.Trust()
            entry.container = container
            entry.exe = exe
            entry.uid = uid
            var placement = Placement(userName: "www-data", container: "web1")
            placement.exe = .foreign
            return try judgement(process, placement, entry).verdict
        }
        let inside = process {
            $0.mountNamespace = 4_026_532_333
            $0.exeMountNamespace = 4_026_532_333
        }
        #expect(try verdict(inside, uid: 33) == .directMX)
        #expect(try verdict(inside, exe: check) == .directMX)
        #expect(try verdict(inside, container: "web1") == .mta)
        #expect(try verdict(inside, container: "web1", exe: check, uid: 33) == .mta)
        // Its users can make namespaces, too.
        for forged in [process { $0.userNamespace = 4_026_532_999 }, process { $0.mountNamespace = 4_026_532_999 }] {
            #expect(try verdict(forged, container: "web1", exe: check) == .directMX)
        }
    }

    /// PHP's memory names the script, and its own program keeps that memory.
    @Test func scriptNeedsAProgramOfTheHost() throws {
        var context = PHPContext()
        context.frames = [.init(kind: .user, file: Array("/srv/www/shop/send.php".utf8), line: 7)]
        var facts = ScriptFacts()
        facts.standing = .own(owner: 33)
        func verdict(_ process: ProcessDescription, _ standing: FileStanding) throws -> Verdict {
            var entry = Policy.Trust()
            entry.script = "/srv/www/shop/*"
            entry.uid = 33
            var placement = Placement.sample
            placement.exe = standing
            return try judgement(process, placement, entry, facts: facts, php: context).verdict
        }
        #expect(try verdict(process(), .own(owner: 0)) == .mta)
        #expect(try verdict(process(), .foreign) == .directMX)
        #expect(try verdict(process { $0.execution?.hasLoaderVariables = true }, .own(owner: 0)) == .directMX)
    }

    @Test func upgradedProgramIsNoDeletedOne() throws {
        let old = process { $0.isExeDeleted = true }
        var former = Placement.sample
        former.exe = .former
        #expect(try judgement(old, former, Policy.Trust()).codes == [.remoteMX, .noMailServer, .programUpgraded])
        #expect(try judgement(old, .sample, Policy.Trust()).codes == [.remoteMX, .noMailServer, .exeDeleted])
        var server = JudgedTrace(old, mailServer: MailServer(name: "Postfix", standing: .installed), placement: former)
        #expect(try server.whole(.said("EHLO host.example")).codes == [.installedMTA, .programUpgraded])
    }

    @Test func kernelThreadHasNoExeToDoubt() {
        #expect(ProcessDescription().doubts == [])
    }
}
