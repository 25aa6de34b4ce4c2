import CProbe
import MailWatch
import Testing

/// What a described connect tells of its process.
struct IdentityDecodingTests {
    private func process(_ change: (inout Record) -> Void = { _ in }) throws -> ProcessDescription {
        var record = Record()
        change(&record)
        return try #require(try connect(record.bytes).description)
    }

    @Test func identityTellsAllOfItsFields() throws {
        let process = try process()
        #expect(process.pid == 4242)
        #expect(process.startTime == 1_000_000_007)
        #expect(process.uid == 33)
        #expect(process.gid == 34)
        #expect(process.effectiveUID == 35)
        #expect(process.effectiveGID == 36)
        #expect(process.loginUID == 1000)
        #expect(process.networkNamespace == 4_026_531_993)
        #expect(process.cgroupID == 7919)
        #expect(process.comm == Array("php".utf8))
        #expect(process.argv == Array("php\0send.php\0".utf8))
        #expect(process.exe == Array("/usr/bin/php8.2".utf8))
        #expect(process.cwd == Array("/var/www".utf8))
        #expect(process.cgroupPath == Array("/system.slice/php.service".utf8))
        #expect(process.legacyCgroupPath == nil)
        #expect(process.userNamespace == 4_026_531_837)
        #expect(process.exeMountNamespace == 4_026_531_832)
        #expect(process.exeMountOwner == 4_026_531_839)
        #expect(!process.isKernelThread)
        #expect(!process.isExeDeleted)
        #expect(!process.isCwdDeleted)
        #expect(process.gaps == [])
    }

    @Test func executionTellsAllOfItsFields() throws {
        let execution = try #require(try process().execution)
        #expect(execution.argv == Array("php\0bot.php\0".utf8))
        #expect(execution.cwd == Array("/dev/shm".utf8))
        #expect(execution.exeInode == 104_729)
        #expect(execution.exeDevice == 8 << 20 | 3)
        #expect(!execution.isArgvTruncated && !execution.hasLoaderVariables && !execution.isEnvironmentTruncated)
    }

    @Test func executionTellsItsFlagsApart() throws {
        func flags(_ flag: probe_execution_flags) throws -> [Bool] {
            let execution = try process { $0.identity.execution_flags |= UInt16(flag.rawValue) }.execution
            let found = try #require(execution)
            return [
                found.isArgvTruncated, found.hasLoaderVariables, found.hasInterpreterVariables,
                found.isEnvironmentTruncated,
            ]
        }
        #expect(try flags(PROBE_EXECUTION_ARGV_TRUNCATED) == [true, false, false, false])
        #expect(try flags(PROBE_LOADER_VARIABLES) == [false, true, false, false])
        #expect(try flags(PROBE_INTERPRETER_VARIABLES) == [false, false, true, false])
        #expect(try flags(PROBE_ENVIRONMENT_TRUNCATED) == [false, false, false, true])
    }

    @Test func unknownExecutionIsNil() throws {
        #expect(try process { $0.identity.execution_flags = 0 }.execution == nil)
    }

    @Test func cutDirectoryOfTheExecutionIsEmpty() throws {
        let process = try process { $0.identity.execution_flags |= UInt16(PROBE_EXECUTION_CWD_TRUNCATED.rawValue) }
        #expect(process.execution?.cwd == [])
    }

    @Test func legacyCgroupIsToldWhereThereIsOne() throws {
        let process = try process { $0.identity.flags = UInt16(PROBE_LEGACY_CGROUP.rawValue) }
        #expect(process.legacyCgroupPath == Array("/web.slice/php.service".utf8))
    }

    @Test func nobodyHasLoggedIn() throws {
        #expect(try process { $0.identity.loginuid = .max }.loginUID == nil)
    }

    @Test func cutPathBeginsWithDots() throws {
        let process = try process {
            let cuts = [PROBE_EXE_TRUNCATED, PROBE_CWD_TRUNCATED, PROBE_CGROUP_TRUNCATED]
            $0.identity.flags = UInt16(cuts.reduce(0) { $0 | $1.rawValue })
            $0.cwd = []
        }
        #expect(process.exe == Array(".../usr/bin/php8.2".utf8))
        #expect(process.cwd == Array("...".utf8))
        #expect(process.cgroupPath == Array(".../system.slice/php.service".utf8))
        #expect(process.gaps == [.exeTruncated, .cwdTruncated, .cgroupTruncated])
    }

    @Test func wholePathWithoutNamesIsTheRoot() throws {
        let process = try process { ($0.cwd, $0.cgroup) = ([], []) }
        #expect(process.cwd == [UInt8(ascii: "/")])
        #expect(process.cgroupPath == [UInt8(ascii: "/")])
    }

    @Test func lastNameNeedsNoNUL() throws {
        #expect(try process { $0.exe = Array("sendmail\0sbin".utf8) }.exe == Array("/sbin/sendmail".utf8))
    }

    @Test func kernelThreadHasNoExe() throws {
        let process = try process {
            $0.identity.flags = UInt16(PROBE_KERNEL_THREAD.rawValue)
            ($0.argv, $0.exe) = ([], [])
        }
        #expect(process.isKernelThread)
        #expect(process.exe == [])
        #expect(process.arguments == [])
    }

    @Test func deletedFilesAreToldApart() throws {
        let exe = try process { $0.identity.flags = UInt16(PROBE_EXE_DELETED.rawValue) }
        #expect(exe.isExeDeleted && !exe.isCwdDeleted)
        let cwd = try process { $0.identity.flags = UInt16(PROBE_CWD_DELETED.rawValue) }
        #expect(!cwd.isExeDeleted && cwd.isCwdDeleted)
    }

    @Test(
        arguments: zip(
            [
                PROBE_ARGV_UNREADABLE, PROBE_ARGV_TRUNCATED, PROBE_EXE_TRUNCATED, PROBE_CWD_TRUNCATED,
                PROBE_CGROUP_TRUNCATED, PROBE_ROOT_TRUNCATED,
                PROBE_LEGACY_CGROUP_TRUNCATED,
            ].map(\.rawValue),
            [
                ProcessDescription.Gaps.argvUnreadable, .argvTruncated, .exeTruncated, .cwdTruncated,
                .cgroupTruncated, .rootTruncated,
                .cgroupTruncated,
            ]))
    func flagIsAGap(flag: UInt32, gap: ProcessDescription.Gaps) throws {
        #expect(try process { $0.identity.flags = UInt16(flag) }.gaps == gap)
    }

    @Test func ancestorsEndAtTheFirstWithoutAPid() throws {
        let ancestors = try process {
            $0.identity.ancestors.1.tgid = 0
            $0.identity.ancestors.2 = $0.ancestor(5, "never read")
        }.ancestors
        #expect(ancestors == [.init(pid: 17, uid: 117, startTime: 17_000, comm: Array("sh".utf8))])
    }

    @Test func sixAncestorsAreInOrder() throws {
        let ancestors = try process {
            $0.identity.ancestors.2 = $0.ancestor(3, "c")
            $0.identity.ancestors.3 = $0.ancestor(5, "d")
            $0.identity.ancestors.4 = $0.ancestor(7, "e")
            $0.identity.ancestors.5 = $0.ancestor(11, "f")
        }.ancestors
        #expect(ancestors.map(\.pid) == [17, 1, 3, 5, 7, 11])
        #expect(ancestors.map(\.uid) == [117, 101, 103, 105, 107, 111])
    }
}
