import MailWatch
import TestSupport
import Testing

struct InterpreterTests {
    /// Of a process that was started so, and has been elsewhere and called itself something else since.
    private func script(
        _ exe: String, _ arguments: [String], cwd: String = "/srv/www", root: String = "/", isCut: Bool = false
    ) -> String? {
        var process = ProcessDescription()
        process.exe = Array(exe.utf8)
        process.argv = Array("perl\0/srv/innocent.pl\0".utf8)
        process.cwd = Array("/srv/innocent".utf8)
        process.root = Array(root.utf8)
        var execution = ProcessDescription.Execution()
        execution.argv = arguments.flatMap { Array($0.utf8) + [0] }
        execution.isArgvTruncated = isCut
        execution.cwd = Array(cwd.utf8)
        process.execution = execution
        return Interpreter.script(of: process).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("perl", "-w a.pl", "a.pl"), ("perl", "-we print", nil), ("perl", "-I lib a.pl x", "a.pl"),
            ("perl", "-Ilib -MStrict a.pl", "a.pl"), ("perl", "-lne print", nil), ("perl", "-0777 -n a.pl", "a.pl"),
            ("perl", "-0777ne print", nil), ("perl", "-i.bak a.pl", "a.pl"), ("perl", "-", nil),
            ("perl", "-- -w", "-w"), ("perl5.36.0", "a.pl", "a.pl"), ("perl5.36-x86_64-linux-gnu", "a.pl", "a.pl"),
            ("python3.11", "-u a.py", "a.py"), ("python3", "-m smtplib", nil), ("python", "-c pass", nil),
            ("python2", "-W ignore a.py", "a.py"), ("python3", "-Wignore -X dev a.py", "a.py"),
            ("python3", "-uc pass", nil), ("pypy3", "a.py", "a.py"), ("python3", "", nil),
            ("ruby", "-r net/smtp a.rb", "a.rb"), ("ruby3.1", "-rnet/smtp -I . a.rb", "a.rb"),
            ("ruby", "-e 1", nil), ("ruby", "-C tmp a.rb", "tmp/a.rb"), ("ruby", "--encoding utf-8 a.rb", "a.rb"),
            ("node", "-r x a.js", "a.js"), ("nodejs", "--require x --inspect a.js", "a.js"),
            ("node", "--require=x a.js", "a.js"), ("node", "-e 1", nil), ("node", "-pe 1", nil),
            ("node", "--eval=1 a.js", nil), ("bash", "-c true", nil), ("bash", "-eo pipefail a.sh", "a.sh"),
            ("bash", "-O extglob --rcfile rc a.sh", "a.sh"), ("bash", "+x a.sh", "a.sh"), ("bash", "- a.sh", "a.sh"),
            ("dash", "-ec true", nil), ("sh", "-s a", nil), ("zsh", "-oextendedglob a.sh", "a.sh"),
            ("ksh93", "a.sh", "a.sh"), ("bash", "", nil), ("sh", "-", nil), ("php", "a.php -f b", "a.php"),
            ("php", "-d x=1 -c ini -f a.php b", "a.php"), ("php8.2", "-fa.php", "a.php"), ("php", "-r 1;", nil),
            ("php", "-qfa.php", "a.php"), ("php", "--file=a.php", "a.php"), ("php", "--define x a.php", "a.php"),
            // What stands behind is the script's, and that is read from the standard input.
            ("php", "-- a.php", nil), ("php", "-S 0:80 router.php", "router.php"), ("php-cgi8.2", "a.php", nil),
            ("php-fpm8.2", "www", nil), ("php-fpm", "pool www", nil), ("shutdown", "a", nil), ("phpize", "a", nil),
            ("sendmail", "-t a", nil), ("", "a", nil),
        ] as [(String, String, String?)])
    func theScriptIsTheFirstOperand(program: String, words: String, expected: String?) {
        let found = script("/usr/bin/" + program, [program] + words.split(separator: " ").map(String.init))
        #expect(found == expected.map { "/srv/www/" + $0 })
    }

    @Test(
        arguments: [
            ("/a/b.sh", "/"), ("/a//./b.sh", "/"), ("../a/b.sh", "/x"), ("../../../../a/b.sh", "/x/y"), ("b.sh", "/a/"),
            ("../../a/./b.sh", "/x/y"),
        ])
    func pathsAreNormalised(argument: String, cwd: String) {
        #expect(script("/bin/sh", ["sh", argument], cwd: cwd) == "/a/b.sh")
    }

    /// `x` may be a symbolic link to anywhere.
    @Test(
        arguments: [
            ("x/../b.sh", "/a/x/../b.sh"), ("../x/../b.sh", "/x/../b.sh"), ("/x/../b.sh", "/x/../b.sh"),
            ("x/./y/../../b.sh", "/a/x/y/../../b.sh"),
        ])
    func whatLeadsOutOfAFolderStays(argument: String, expected: String) {
        #expect(script("/bin/sh", ["sh", argument], cwd: "/a") == expected)
    }

    /// The file of that name in any directory is not known to be the script.
    @Test(
        arguments: [
            ("sh", "b.sh", "b.sh"), ("perl", "./x/b.pl", "./x/b.pl"), ("ruby", "-C tmp b.rb", "tmp/b.rb"),
            ("php", "-f ../b.php", "../b.php"), ("sh", "/b.sh", "/b.sh"), ("ruby", "-C /tmp -C x b.rb", "/tmp/x/b.rb"),
        ])
    func aRelativePathNeedsADirectory(program: String, words: String, expected: String) {
        let arguments = [program] + words.split(separator: " ").map(String.init)
        for cwd in ["", "(unreachable)/x", ".../x"] {
            #expect(script("/usr/bin/\(program)", arguments, cwd: cwd) == expected)
        }
        var before = ProcessDescription()
        before.exe = Array("/usr/bin/\(program)".utf8)
        before.argv = arguments.flatMap { Array($0.utf8) + [0] }
        before.cwd = Array("/srv/innocent".utf8)
        #expect(Interpreter.script(of: before) == Array(expected.utf8))
    }

    @Test(
        arguments: [
            ("perl", "-S b.pl", "b.pl"), ("perl", "-wS ./b.pl", "/srv/www/b.pl"), ("ruby", "-S b.rb", "b.rb"),
            ("perl", "-S /x/b.pl", "/x/b.pl"),
        ])
    func whatIsLookedForInPathIsNotInTheDirectory(program: String, words: String, expected: String) {
        #expect(script("/usr/bin/\(program)", [program] + words.split(separator: " ").map(String.init)) == expected)
    }

    @Test func aPathIsAsTheProcessNamesIt() {
        #expect(script("/bin/sh", ["sh", "b.sh"], cwd: "/jail/srv", root: "/jail") == "/srv/b.sh")
        #expect(script("/bin/sh", ["sh", "b.sh"], cwd: "/jail", root: "/jail/") == "/b.sh")
        // It has left the root that the path began at.
        #expect(script("/bin/sh", ["sh", "b.sh"], cwd: "/jailer/srv", root: "/jail") == "b.sh")
    }

    @Test func aCutArgumentIsNoScript() {
        #expect(script("/bin/sh", ["sh", "/a/b"], isCut: true) == nil)
        #expect(script("/bin/sh", ["sh", "/a/b", "c"], isCut: true) == "/a/b")
        var before = ProcessDescription()
        before.exe = Array("/bin/sh".utf8)
        before.argv = Array("sh\0/a/b".utf8)
        before.gaps = .argvTruncated
        #expect(Interpreter.script(of: before) == nil)
    }

    @Test func anyBytesEnd() {
        var random = SplitMix64(seed: 41)
        let letters = Array("-+=/.ecfIo0xd \u{0}\u{ff}php".utf8)
        for program in ["perl", "python3", "ruby", "node", "bash", "zsh", "php"] {
            for _ in 0..<997 {
                var process = ProcessDescription()
                process.exe = Array("/usr/bin/\(program)".utf8)
                process.argv = (0..<random.below(64)).map { _ in letters[random.below(letters.count)] }
                process.cwd = Array("/w".utf8)
                if let path = Interpreter.script(of: process) { #expect(!path.isEmpty) }
                process.execution = ProcessDescription.Execution()
                process.execution?.argv = process.argv
                process.execution?.cwd = Array("/w".utf8)
                if let path = Interpreter.script(of: process) {
                    #expect(path.first == UInt8(ascii: "/") || process.argv.contains(UInt8(ascii: "-")))
                }
            }
        }
    }

    @Test func aLongPathIsNone() {
        let long = String(repeating: "a/", count: 2_000) + "a"
        #expect(script("/bin/sh", ["sh", long]) == "/srv/www/" + long)
        #expect(script("/bin/sh", ["sh", String(repeating: "a/", count: 3_000)]) == nil)
    }
}
