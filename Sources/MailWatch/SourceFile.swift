extension PHPContext.Frame {
    /// The file on disk that the code is from.
    public var sourceFile: [UInt8] { Self.sourceFile(of: file) }

    /// The line in that file: for code that was compiled from text, the one that had it compiled. 0 where it is not known.
    public var sourceLine: UInt32 { Self.withoutDescriptions(file[...]).line ?? line }

    /// The line within code that was compiled from text, as by eval; nil for code of a file, and where it is not known.
    public var evaluatedLine: UInt32? {
        line == 0 || Self.withoutDescriptions(file[...]).line == nil ? nil : line
    }

    /// `Class::method`, `function` or `{closure}`; empty for the main code of a file.
    public var call: [UInt8] {
        guard !function.isEmpty, !scope.isEmpty else { return function }
        // Behind the NUL in `class@anonymous` stands where it was declared.
        return scope.prefix { $0 != 0 } + Array("::".utf8) + function
    }

    /// What zend_make_compiled_string_description() is called with (`eval`, create_function(), assert() and preg_replace()
    /// of PHP 7).
    private static let descriptions: [String] = [
        "eval()'d code", "runtime-created function", "assert code", "regexp code",
    ]

    /// The file that a name of compiled code means: `/a/b.php` for `/a/b.php(12) : eval()'d code`, also nested, and
    /// `/a/x.phar` for `phar:///a/x.phar/inner.php`.
    public static func sourceFile(of file: [UInt8]) -> [UInt8] {
        let rest = withoutDescriptions(file[...]).file
        guard rest.starts(with: "phar://".utf8) else { return Array(rest) }
        return archive(Array(rest.dropFirst("phar://".utf8.count)))
    }

    /// The name without all `(digits) : description` at its end, and the number of the first of them; nil where there is
    /// none.
    private static func withoutDescriptions(_ file: ArraySlice<UInt8>) -> (file: ArraySlice<UInt8>, line: UInt32?) {
        var rest = (file: file, line: nil as UInt32?)
        // From the end, for a folder can be called `x(1) : y`.
        while let shorter = withoutDescription(rest.file) { rest = shorter }
        return rest
    }

    private static func withoutDescription(_ file: ArraySlice<UInt8>) -> (file: ArraySlice<UInt8>, line: UInt32?)? {
        guard let description = descriptions.first(where: { file.ends(with: $0) }) else { return nil }
        let number = file.dropLast(description.utf8.count)
        guard number.ends(with: ") : ") else { return nil }
        let digits = number.dropLast(4)
        let end = digits.lastIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? digits.startIndex
        guard end + 1 < digits.endIndex, digits[end] == UInt8(ascii: "(") else { return nil }
        return (digits[..<end], UInt32(String(decoding: digits[(end + 1)...], as: UTF8.self)) ?? 0)
    }

    /// Up to the first component that is called as the phar extension demands: `.phar`, or `.tar` and `.zip` for those
    /// that hold no stub.
    private static func archive(_ path: [UInt8]) -> [UInt8] {
        let components = Path.components(path)
        for suffixes in [[".phar"], [".tar", ".zip", ".tgz"]] as [[String]] {
            let index = components.firstIndex { component in suffixes.contains { component.contains($0) } }
            if let index, Path.isAbsolute(path) { return Path.absolute(components[...index]) }
        }
        return path
    }
}

extension Collection<UInt8> {
    /// Whether `text` stands anywhere within.
    func contains(_ text: String) -> Bool {
        var rest = self[...]
        while rest.count >= text.utf8.count {
            if rest.starts(with: text.utf8) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}

extension BidirectionalCollection<UInt8> {
    func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
