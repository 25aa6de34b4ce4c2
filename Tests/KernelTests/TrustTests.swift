import Foundation
import HostFacts
import TestSupport
import Testing

extension KernelSuite {
    /// A user without privileges tries to pass for a trusted sender. Each connect is refused, so it is an alarm unless it
    /// is trusted.
    @Suite final class TrustTests {
        private static let port = 10_061
        private let network: Network
        private let program: Program

        init() throws {
            network = try Network()
            program = try Program()
        }

        /// A copy of the connector, as a package would install it, and mailsnoop's configuration.
        private final class Program {
            let folder = "/usr/lib/mailsnoop-\(UInt32.random(in: 0...UInt32.max))"
            var path: String { folder + "/check" }
            var configuration: String { folder + "/configuration.toml" }

            init() throws {
                try require("mkdir -m 755 \(folder); cp \(Repository.connector) \(path); chmod 755 \(path)")
            }

            deinit { try? FileManager.default.removeItem(atPath: folder) }
        }

        /// What mailsnoop says of the connect that a script makes by `$connect PROGRAM`, as `user`.
        private func judgement(
            trusting entry: String, user: UInt32 = 4211, _ script: String
        ) throws -> (verdict: String, reasons: [String], row: JSON) {
            try Data("delivery_ports = [\(Self.port)]\n[[trusted]]\n\(entry)\n".utf8)
                .write(to: URL(filePath: program.configuration))
            let output = "\(program.folder)/\(UUID())"
            let trace = try Child([
                Repository.mailsnoop, "trace", "--no-dns", "--port", "\(Self.port)", "--config", program.configuration,
                "--format", "json", "--output", output,
            ])
            wait { FileManager.default.fileExists(atPath: output) || !trace.isRunning }
            let inode = try network.inode
            let file = try JSONFile(output) {
                $0["mailsnoop", "process", "network_namespace"].number == inode.map(Int.init)
            }
            let command = """
                check=\(program.path); folder=\(program.folder); arguments='once 192.0.2.1 \(Self.port)'
                export check folder arguments
                \(script)
                """
            // Not `ip netns exec`, which makes a mount namespace.
            let attack = try Child([
                "nsenter", "--net=/run/netns/\(network.client)", "setpriv", "--reuid", "\(user)", "--regid", "\(user)",
                "--clear-groups", "bash", "-c", command,
            ]).end()
            let row = try #require(try file.lines(1).first, "\(attack.errors)")
            trace.kill(SIGINT)
            #expect(trace.end().status == 0)
            return (row.verdict, row.reasons, row)
        }

        private var byExe: String { "exe = \"\(program.path)\"" }

        @Test func programAsItIsInstalledIsTrusted() throws {
            let judgement = try judgement(trusting: byExe, "$check $arguments")
            #expect(judgement.verdict == "mta")
            #expect(judgement.reasons == ["trusted"])
        }

        /// In a user namespace of its own a process is root.
        @Test(
            arguments: [
                ("unshare -Ur $check $arguments", ["user-namespace"]),
                ("unshare -Urm $check $arguments", ["user-namespace", "unprivileged-mount"]),
                (
                    "cp \(Repository.connector) /tmp/evil$$; unshare -Urm bash -c \"mount --bind /tmp/evil$$ $check; "
                        + "rm /tmp/evil$$; $check $arguments\"", ["user-namespace", "unprivileged-mount"]
                ),
                (
                    "unshare -Urm bash -c 'mount -t tmpfs none $folder && cp \(Repository.connector) $check && "
                        + "$check $arguments'", ["user-namespace", "unprivileged-mount"]
                ),
                (
                    "unshare -Urm bash -c 'mount -t tmpfs none /mnt && mkdir -p /mnt/old /mnt$folder && "
                        + "cp \(Repository.connector) /mnt$check && for f in /usr/lib/x86_64-linux-gnu /lib64 /bin; do "
                        + "mkdir -p /mnt$f; mount --rbind $f /mnt$f; done; pivot_root /mnt /mnt/old; $check $arguments'",
                    ["user-namespace", "unprivileged-mount"]
                ),
            ])
        func namespaceOfItsOwnProvesNothing(script: String, reasons: [String]) throws {
            let judgement = try judgement(trusting: byExe, script)
            #expect(judgement.row["process", "executable"].string == program.path)
            #expect(judgement.verdict == "direct-mx")
            #expect(judgement.reasons.filter { reasons.contains($0) } == reasons)
        }

        @Test(arguments: [
            "LD_PRELOAD=libm.so.6 $check $arguments", "LD_AUDIT=libm.so.6 $check $arguments",
            "LD_LIBRARY_PATH=/tmp $check $arguments",
            "LD_PRELOAD=libm.so.6 bash -c '$check $arguments & wait'",
        ])
        func environmentThatAddsCodeIsNoTrust(script: String) throws {
            let judgement = try judgement(trusting: byExe + "\nuser = \"4211\"", script)
            #expect(judgement.verdict == "direct-mx")
            #expect(judgement.reasons.contains("loader-variables"))
        }

        /// The connector is linked statically, which the loader would hand to the kernel.
        @Test func loaderThatRunsItIsNotIt() throws {
            let judgement = try judgement(
                trusting: "exe = \"/usr/lib/*\"",
                """
                loader=$(ls /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 2>/dev/null | head -1)
                $loader /bin/bash -c 'exec 3<>/dev/tcp/192.0.2.1/\(Self.port)'
                """)
            #expect(judgement.verdict == "direct-mx")
            #expect(judgement.reasons.contains("run-by-loader"))
        }

        @Test(arguments: ["check", "x/check", "usr/lib/check"]) func fileInMemoryHasNoPath(name: String) throws {
            let judgement = try judgement(
                trusting: "exe = \"*check\"",
                """
                exec python3 -c '
                import os, sys
                memory = os.memfd_create("\(name)", 0)
                os.write(memory, open("\(Repository.connector)", "rb").read())
                os.execve(memory, ["\(program.path)"] + sys.argv[1:], {})' $arguments
                """)
            #expect(judgement.verdict == "direct-mx")
            #expect(judgement.reasons.contains("exe-unmounted"))
        }

        /// The descriptor of a file that another mount namespace has at that path.
        @Test(arguments: ["mount --bind $evil $check", "mount -t tmpfs none $folder && cp $evil $check"])
        func descriptorOfAnotherNamespaceIsNotTheHosts(mount: String) throws {
            let judgement = try judgement(
                trusting: byExe,
                """
                export evil=/tmp/evil$$; cp \(Repository.connector) $evil
                mkfifo /tmp/up$$ /tmp/down$$
                unshare -Urm bash -c '\(mount) && exec 9<$check && echo up >/tmp/up'$$' && read -r x </tmp/down'$$ &
                read -r x </tmp/up$$
                exec 8</proc/$!/fd/9; echo down >/tmp/down$$; rm /tmp/up$$ /tmp/down$$ $evil
                exec -a $check /proc/self/fd/8 $arguments
                """)
            #expect(judgement.verdict == "direct-mx")
            // Once the namespace has gone, its files are mounted nowhere.
            #expect(!Set(judgement.reasons).isDisjoint(with: ["unprivileged-mount", "exe-unmounted"]))
        }

        /// The pattern covers files of any user.
        @Test func copyOfAUsersIsNotRoots() throws {
            let copy = "d=/tmp/copy$$; mkdir $d; cp \(Repository.connector) $d/check; ($d/check $arguments); rm -r $d"
            #expect(try judgement(trusting: "exe = \"*/check\"", copy).verdict == "direct-mx")
        }

        /// It has started before root replaces its file, and connects after.
        @Test(arguments: ["mv $check.new $check", "ln $check $check.old; mv $check.new $check", "rm $check"])
        func upgradedProgramIsNoDeletedOne(upgrade: String) throws {
            let judgement = try judgement(
                trusting: byExe, user: 0,
                """
                cp /bin/bash $check; cp /bin/bash $check.new; mkfifo $folder/up $folder/down
                $check -c 'echo up >$folder/up; read -r x <$folder/down; exec 3<>/dev/tcp/192.0.2.1/\(Self.port)' &
                read -r x <$folder/up; \(upgrade); echo down >$folder/down; wait
                """)
            let isRemoved = upgrade.hasPrefix("rm")
            #expect(judgement.verdict == (isRemoved ? "direct-mx" : "mta"))
            #expect(judgement.reasons.contains("program-upgraded") != isRemoved)
            #expect(judgement.reasons.contains("exe-deleted") == isRemoved)
        }

        /// A user to whom root has delegated a cgroup names those below it.
        @Test(arguments: [
            ("lxc.payload.x", "container = \"x\""), ("x.service", "unit = \"x.service\""),
            ("x.service", "unit = \"*x.service\""),
            ("docker-\(String(repeating: "0a", count: 32)).scope", "container = \"0a*\""),
            ("a/b/lxc/x", "container = \"x\""),
        ])
        func cgroupThatAUserMadeIsNotTheSystems(name: String, entry: String) throws {
            let mount = try #require(Kernel.cgroup2Mount)
            let delegated = "\(mount)/mailsnoop-\(UInt32.random(in: 0...UInt32.max))"
            try require("mkdir \(delegated); chown -R 4211:4211 \(delegated)")
            defer { _ = try? require("find \(delegated) -depth -type d -exec rmdir {} \\;") }
            // As root until it is in the delegated one.
            let judgement = try judgement(
                trusting: entry, user: 0,
                """
                echo $$ >\(delegated)/cgroup.procs
                exec setpriv --reuid 4211 --regid 4211 --clear-groups bash -c '
                mkdir -p \(delegated)/\(name); echo $$ >\(delegated)/\(name)/cgroup.procs; exec $check $arguments'
                """)
            #expect(judgement.row["mailsnoop", "process", "cgroup"].string.hasSuffix(name))
            #expect(judgement.verdict == "direct-mx")
            #expect(judgement.row["container", "id"].isAbsent)
        }

        @Test func cgroupThatRootMadeIsTheSystems() throws {
            let mount = try #require(Kernel.cgroup2Mount)
            let service = "\(mount)/mailsnoop-\(UInt32.random(in: 0...UInt32.max)).service"
            try require("mkdir \(service)")
            defer { _ = try? require("rmdir \(service)") }
            let judgement = try judgement(
                trusting: "unit = \"mailsnoop-*.service\"", user: 0,
                "echo $$ >\(service)/cgroup.procs; exec setpriv --reuid 4211 --clear-groups $check $arguments")
            #expect(judgement.verdict == "mta")
        }
    }
}
