/// Which script an interpreter runs, from its arguments: what the process says of itself.
public enum Interpreter {
    /// The script's path, absolute and normalised; nil where the process is no known interpreter, or runs no script from
    /// a file.
    public static func script(of process: ProcessDescription) -> [UInt8]? {
        // Where the exe may be any file at an interpreter's path, nothing says that it is one.
        guard process.doubts.isDisjoint(with: [.mountNamespace, .unmounted, .exeChanged]) else { return nil }
        guard let grammar = OptionGrammar.of(program: Path.name(process.exe)) else { return nil }
        var arguments = process.arguments[...]
        // What lies behind the cut may be the rest of the last argument.
        if process.gaps.contains(.argvTruncated) { arguments = arguments.dropLast() }
        guard let operand = grammar.operand(arguments.dropFirst()) else { return nil }
        var directory = process.cwd
        if process.gaps.contains(.cwdTruncated) { directory = [] }
        for change in operand.directories {
            guard let next = Path.resolve(change, in: directory) else { return nil }
            directory = next
        }
        return Path.resolve(operand.script, in: directory)
    }
}
