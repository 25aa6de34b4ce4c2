/// Which script an interpreter runs, from its arguments: what the process was started with, or says of itself.
public enum Interpreter {
    /// The script's path. It is absolute, or relative where it is not known to which directory: then no file on disk is
    /// known to be the script. Nil where the process is no known interpreter, or runs no script from a file.
    ///
    /// Arguments and directory are those at exec: a program may change both before it connects. Where those at exec are
    /// not known, the arguments at the connect are used, and the directory is not known.
    public static func script(of process: ProcessDescription) -> [UInt8]? {
        // Where the exe may be any file at an interpreter's path, nothing says that it is one.
        guard process.doubts.isDisjoint(with: [.mountNamespace, .unmounted, .exeChanged]) else { return nil }
        guard let grammar = OptionGrammar.of(program: Path.name(process.exe)) else { return nil }
        let execution = process.execution
        var arguments = (execution?.arguments ?? process.arguments)[...]
        // What lies behind the cut may be the rest of the last argument.
        if execution?.isArgvTruncated ?? process.gaps.contains(.argvTruncated) { arguments = arguments.dropLast() }
        guard let operand = grammar.operand(arguments.dropFirst()), !operand.script.isEmpty else { return nil }
        // What a search through PATH finds is not known.
        if operand.isSearched, !operand.script.contains(UInt8(ascii: "/")) { return Array(operand.script) }

        var path = Array(operand.script)
        for directory in operand.directories.reversed() where !Path.isAbsolute(path) {
            path = directory + [UInt8(ascii: "/")] + path
        }
        if Path.isAbsolute(path) { return Path.join(path, to: []) }
        if let directory = execution?.cwd, let start = Path.below(process.root, directory) {
            return Path.join(path, to: start)
        }
        return path.count <= Path.limit ? path : nil
    }
}
