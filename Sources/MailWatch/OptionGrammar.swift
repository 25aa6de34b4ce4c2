/// The options of an interpreter, as far as they decide which argument is the script.
struct OptionGrammar: Sendable {
    struct Operand {
        var script: ArraySlice<UInt8>
        /// Where the interpreter changes to first, one after the other.
        var directories: [ArraySlice<UInt8>]
        /// A script without a slash is looked for in PATH.
        var isSearched: Bool
    }

    /// Letters with an argument: the rest of the word, or the next one.
    var argument = ""
    /// Letters whose argument is always the next word, while the word goes on with other letters.
    var nextWord = ""
    /// Letters that take the rest of the word where there is one.
    var rest = ""
    /// Letters that may be followed by a number.
    var number = ""
    /// Letters after which no script is read from a file.
    var none = ""
    /// Letters whose argument is the script.
    var script = ""
    /// Letters whose argument is a directory to change to.
    var directory = ""
    /// Letters that have the script looked for in PATH.
    var search = ""
    /// Long options with an argument in the next word.
    var longArgument: [String] = []
    var longNone: [String] = []
    var longScript: [String] = []
    /// Options also begin with `+`, and `-` means `--`.
    var isShell = false
    /// The words behind `--` are the script's, which comes from the standard input.
    var readsInputAfterDashes = false

    /// The argument that is the script. `words` begin behind the program's own name.
    func operand(_ words: ArraySlice<ArraySlice<UInt8>>) -> Operand? {
        var words = words
        var directories: [ArraySlice<UInt8>] = []
        var isSearched = false
        func found(_ script: ArraySlice<UInt8>) -> Operand {
            Operand(script: script, directories: directories, isSearched: isSearched)
        }
        while let word = words.popFirst() {
            guard word.count > 1 else {
                if !isShell || !word.elementsEqual("-".utf8) {
                    return word.elementsEqual("-".utf8) ? nil : found(word)
                }
                return words.first.map { found($0) }
            }
            if word.elementsEqual("--".utf8) {
                guard !readsInputAfterDashes, let script = words.first else { return nil }
                let isInput = !isShell && script.elementsEqual("-".utf8)
                return isInput ? nil : found(script)
            }
            if word.starts(with: "--".utf8) {
                if longNone.contains(where: { word.isOption($0) }) { return nil }
                if let name = longScript.first(where: { word.isOption($0) }) {
                    let attached = word.dropFirst(name.utf8.count + 1)
                    let script = word.count > name.utf8.count ? attached : words.first
                    return script.map { found($0) }
                }
                // With `=` the argument is in the same word.
                if longArgument.contains(where: { word.elementsEqual($0.utf8) }) { _ = words.popFirst() }
                continue
            }
            guard word.first == UInt8(ascii: "-") || isShell && word.first == UInt8(ascii: "+") else {
                return found(word)
            }
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                if none.has(letter) { return nil }
                if search.has(letter) { isSearched = true }
                if script.has(letter) || argument.has(letter) || directory.has(letter) {
                    guard let value = letters.isEmpty ? words.popFirst() : letters else { return nil }
                    if script.has(letter) { return found(value) }
                    if directory.has(letter) { directories.append(value) }
                    break
                }
                if nextWord.has(letter) { _ = words.popFirst() }
                if rest.has(letter) { break }
                if number.has(letter) { letters = letters.withoutNumber() }
            }
        }
        return nil
    }
}

extension OptionGrammar {
    /// The grammar of the program of that name, with or without a version; nil for one that is no known interpreter.
    static func of(program: ArraySlice<UInt8>) -> OptionGrammar? {
        for (names, grammar) in known {
            for name in names where program.starts(with: name.utf8) {
                if isVersion(program.dropFirst(name.utf8.count)) { return grammar }
            }
        }
        return nil
    }

    /// Nothing, `3.11`, `5.36-x86_64-linux-gnu`, `3.12d`, `-5.9`.
    private static func isVersion(_ text: ArraySlice<UInt8>) -> Bool {
        let number = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard let first = number.first else { return text.isEmpty }
        guard isDigit(first) || first == UInt8(ascii: ".") else { return false }
        let suffix = number.drop { isDigit($0) || $0 == UInt8(ascii: ".") }
        return suffix.isEmpty || suffix.first == UInt8(ascii: "-")
            || suffix.allSatisfy { "dmut".has($0) }
    }

    // php-fpm has no script of its own. The words of php-cgi are those of the query string (RFC 3875 section 4.4): a visitor
    // would choose the script.
    private static let known: [(names: [String], grammar: OptionGrammar)] = [
        (["perl"], perl), (["python", "pypy"], python), (["ruby"], ruby), (["node", "nodejs"], node),
        (["bash", "rbash"], bash), (["sh", "dash"], posixShell), (["zsh", "ksh", "mksh", "lksh"], otherShell),
        (["php", "php-cli"], php),
    ]

    // perlrun(1).
    private static let perl = OptionGrammar(argument: "IMm", rest: "CDFVxi", number: "0l", none: "eEvh", search: "S")
    // python(1); Q is of version 2.
    private static let python = OptionGrammar(
        argument: "WXQ", none: "cmhV", longArgument: ["--check-hash-based-pycs"], longNone: ["--help", "--version"])
    // ruby(1).
    private static let ruby = OptionGrammar(
        argument: "rIE", rest: "FKTWxi", number: "0", none: "eh", directory: "CX", search: "S",
        longArgument: [
            "--encoding", "--external-encoding", "--internal-encoding", "--enable", "--disable", "--parser", "--dump",
            "--backtrace-limit",
        ], longNone: ["--help", "--version", "--copyright"])
    // node(1).
    private static let node = OptionGrammar(
        argument: "rC", none: "ephv",
        longArgument: [
            "--require", "--import", "--loader", "--experimental-loader", "--conditions", "--title", "--icu-data-dir",
            "--openssl-config", "--redirect-warnings", "--env-file", "--input-type",
        ], longNone: ["--eval", "--print", "--help", "--version"])
    // bash(1), dash(1), zshmisc(1), ksh(1).
    private static let bash = OptionGrammar(
        nextWord: "oO", none: "cs", longArgument: ["--rcfile", "--init-file"], longNone: ["--help", "--version"],
        isShell: true)
    private static let posixShell = OptionGrammar(
        nextWord: "oO", none: "cs", longArgument: ["--rcfile", "--init-file"], isShell: true)
    private static let otherShell = OptionGrammar(
        argument: "o", none: "cs", longArgument: ["--emulate"], longNone: ["--help", "--version"], isShell: true)
    // php(1), php_cli.c.
    private static let php = OptionGrammar(
        argument: "cdtzS", none: "rRBEaimvh", script: "fF",
        longArgument: ["--define", "--php-ini", "--zend-extension", "--server", "--docroot"],
        longNone: [
            "--run", "--process-code", "--process-begin", "--process-end", "--interactive", "--info", "--modules",
            "--version", "--help", "--ini", "--rf", "--rc", "--re", "--rz", "--ri", "--rfunction", "--rclass",
            "--rextension", "--rzendextension", "--rextinfo",
        ], longScript: ["--file", "--process-file"], readsInputAfterDashes: true)
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

extension String {
    fileprivate func has(_ letter: UInt8) -> Bool { utf8.contains(letter) }
}

extension ArraySlice<UInt8> {
    /// `--name` or `--name=value`.
    fileprivate func isOption(_ name: String) -> Bool {
        let count = name.utf8.count
        return prefix(count).elementsEqual(name.utf8)
            && (self.count == count || self[startIndex + count] == UInt8(ascii: "="))
    }

    /// Without the octal digits, or `x` and hexadecimal ones, at its front.
    fileprivate func withoutNumber() -> ArraySlice<UInt8> {
        guard first == UInt8(ascii: "x") || first == UInt8(ascii: "X") else { return drop(while: isDigit) }
        return dropFirst().drop { isDigit($0) || "abcdefABCDEF".has($0) }
    }
}
