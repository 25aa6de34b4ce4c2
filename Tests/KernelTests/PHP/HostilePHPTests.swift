import Foundation
import KernelProbe
import MailWatch
import PHPRuntime
import TestSupport
import Testing

extension KernelSuite {
    /// What the owner of a PHP process can do to be read as something else, or not at all.
    @Suite struct HostilePHPTests {
        private let port: UInt16 = 10_079
        private let php: PHPInstallation
        private let folder: PHPFolder

        init() throws {
            php = try #require(PHPInstallation.system, "there is no PHP: apt-get install php-cli")
            folder = try PHPFolder(php)
        }

        private func run(_ script: String, named name: String = "script.php") throws -> PHPContext {
            let path = try folder.add(script, to: name)
            var trace = try LiveTrace(port: port, php: php.binaries())
            let result = try Child(php.commandLine([path])).end()
            #expect(result.status == 0, "\(result.text)")
            return try #require(trace.ended(1).first?.php?.context)
        }

        @Test func longNamesKeepTheirBeginning() throws {
            let name = String(repeating: "n", count: 10_007)
            let context = try run(
                "<?php class C\(name) { function f\(name)() { @fsockopen('127.0.0.1', \(port)); } } (new C\(name))->f\(name)();"
            )
            #expect(context.frames.count == 3)
            #expect(context.frames[1].function == Array("f\(name)".utf8.prefix(255)))
            #expect(context.frames[1].scope == Array("C\(name)".utf8.prefix(255)))
            #expect(context.gaps == .namesCut)
        }

        @Test func longPathsKeepTheirEnd() throws {
            let deep = (0..<13).map { _ in String(repeating: "d", count: 97) }.joined(separator: "/")
            let context = try run("<?php @fsockopen('127.0.0.1', \(port));", named: "\(deep)/mail.php")
            #expect(context.frames[1].file == "...".utf8 + Array("\(folder.inside)/\(deep)/mail.php".utf8.suffix(511)))
            #expect(context.gaps == .namesCut)
        }

        /// Deep recursion through many long names: the innermost calls are there.
        @Test func whatDoesNotFitIsSaid() throws {
            let functions = (0..<40).map { number in
                "function f\(number)_\(String(repeating: "n", count: 500))() { "
                    + (number == 0
                        ? "@fsockopen('127.0.0.1', \(port));"
                        : "f\(number - 1)_\(String(repeating: "n", count: 500))();")
                    + " }"
            }
            let context = try run(
                "<?php \(functions.joined(separator: "\n")) f39_\(String(repeating: "n", count: 500))();")
            #expect(context.frames.count == 32)
            #expect(context.frames[1].function.starts(with: "f0_".utf8))
            #expect(context.frames[1].line == 1)
            #expect(context.gaps == [.stackTruncated, .namesCut, .namesMissing])
        }

        @Test func controlCharactersAreKeptForTheOutputToEscape() throws {
            let name = "a\u{1B}[31m\n\u{202E}=cmd.php"
            let context = try run(
                "<?php function \u{FF}\u{9B}x() { @fsockopen('127.0.0.1', \(port)); } \u{FF}\u{9B}x();", named: name)
            #expect(context.frames[1].file.suffix(name.utf8.count).elementsEqual(name.utf8))
            #expect(context.frames[1].function == Array("\u{FF}\u{9B}x".utf8))
            #expect(context.gaps == [])
        }

        @Test func anonymousClassEndsAtItsNUL() throws {
            let context = try run("<?php (new class { function f() { @fsockopen('127.0.0.1', \(port)); } })->f();")
            #expect(context.frames[1].scope.starts(with: "class@anonymous\0".utf8))
            #expect(context.frames[1].call == Array("class@anonymous::f".utf8))
        }

        @Test func programThatIsOnlyCalledPHPIsAskedForAndIsNone() throws {
            let fake = "\(folder.outside)/php-fpm"
            try FileManager.default.copyItem(atPath: Repository.connector, toPath: fake)
            var trace = try LiveTrace(port: port, php: php.binaries())
            try Child([fake, "once", "127.0.0.1", "\(port)"]).end()
            let connection = try #require(trace.ended(1).first)
            #expect(connection.php == nil)
            let file = try #require(try FileManager.default.attributesOfItem(atPath: fake)[.systemFileNumber] as? Int)
            let program = try #require(trace.programs.first { $0.inode == UInt64(file) })
            #expect(program.pid == connection.process.description.pid)
            // Once it has been looked at in vain it is not asked for again.
            trace.probe.php.refuse(program)
            try Child([fake, "once", "127.0.0.1", "\(port)"]).end()
            _ = trace.ended(2)
            #expect(trace.programs.filter { $0.inode == UInt64(file) }.count == 1)
        }

        /// A PHP that is upgraded, or that nobody knew, is asked for when it is started, and known from then on.
        @Test func unknownPHPIsLearnedWhenItIsStarted() throws {
            let copy = "\(folder.outside)/php9.7"
            try FileManager.default.copyItem(atPath: "/usr/bin/php\(php.series)", toPath: copy)
            let script = try folder.add("<?php\n@fsockopen('127.0.0.1', \(port));\n", to: "script.php")
            var trace = try LiveTrace(port: port)
            try Child([copy, "-n", script]).end()
            #expect(trace.ended(1).first?.php == nil)
            let file = try #require(try FileManager.default.attributesOfItem(atPath: copy)[.systemFileNumber] as? Int)
            let program = try #require(trace.programs.first { $0.inode == UInt64(file) })
            let running = try Child([copy, "-n", "-r", "echo 'up', PHP_EOL; fgets(STDIN);"])
            #expect(running.line() == "up")
            #expect(program.pid != running.pid)
            for case .known(let binary) in PHPInspector.inspect(pid: running.pid) { trace.probe.php.learn(binary) }
            running.end()
            try Child([copy, "-n", script]).end()
            #expect(trace.ended(2).last?.php?.line == 2)
        }

        /// Whatever it is called, and whatever file was there before.
        @Test(arguments: ["worker", "[kworker]", "sshd"])
        func phpUnderAnotherNameIsAskedForAgainOnceItsFileHasChanged(name: String) throws {
            let copy = "\(folder.outside)/\(name)"
            try shell("cp '\(Repository.connector)' '\(copy)'; truncate -s 3M '\(copy)'")
            let file = try #require(try FileManager.default.attributesOfItem(atPath: copy)[.systemFileNumber] as? Int)
            var trace = try LiveTrace(port: port)
            for count in 1...3 {
                try Child([copy, "once", "127.0.0.1", "\(port)"]).end()
                _ = trace.ended(count)
                for program in trace.programs where program.inode == UInt64(file) { trace.probe.php.refuse(program) }
            }
            var asked = trace.programs.filter { $0.inode == UInt64(file) }
            #expect(asked.count == 1)
            // The same file by its number.
            try shell("cat '/usr/bin/php\(php.series)' >'\(copy)'")
            let running = try Child([copy, "-n", "-r", "echo 'up', PHP_EOL; fgets(STDIN);"])
            #expect(running.line() == "up")
            trace.read()
            asked = trace.programs.filter { $0.inode == UInt64(file) }
            #expect(asked.last?.pid == running.pid)
            for case .known(let binary) in PHPInspector.inspect(pid: running.pid) { trace.probe.php.learn(binary) }
            running.end()
            let script = try folder.add("<?php\n@fsockopen('127.0.0.1', \(port));\n", to: "script.php")
            try Child([copy, "-n", script]).end()
            #expect(trace.ended(4).last?.php?.line == 2)
        }

        @Test(arguments: ["random", "cycle", "type", "length", "long", "edge", "request"])
        func memoryOfGarbageIsReadWithinBounds(kind: String) throws {
            let program = "\(folder.outside)/php-garbage"
            try #require(
                try shell("gcc -O1 -rdynamic -pie -fPIE -o \(program) \(Repository.tests)/php/garbage.c").status == 0)
            let finding = PHPInspector.inspect(path: program)
            guard case .known(let binary) = finding else {
                Issue.record("\(String(describing: finding))")
                return
            }
            var trace = try LiveTrace(port: port, php: [binary])
            let result = try Child([program, "\(port)", kind]).end()
            #expect(result.status == 0)
            let context = try #require(trace.ended(1).first?.php?.context)
            #expect(context.frames.count <= 32)
            switch kind {
            case "random": #expect(!context.gaps.isEmpty)
            case "cycle":
                #expect(context.frames.count == 32)
                #expect(context.gaps == .stackTruncated)
            case "type": #expect(context.gaps == .stackUnreadable)
            case "length": #expect(context.gaps.contains(.namesMissing) || context.gaps.contains(.namesCut))
            case "long": #expect(context.gaps.contains(.namesCut))
            case "edge": #expect(context.gaps == [.stackUnreadable, .noFrames])
            default:
                #expect(context.host == [])
                #expect(context.frames.count == 1)
            }
        }
    }
}
