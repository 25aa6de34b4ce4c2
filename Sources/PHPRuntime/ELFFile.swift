/// A program or library of this machine (elf(5)). The file is an attacker's: it is read by pread and never mapped, for it
/// may be cut short meanwhile, and all that is taken from it has bounds.
struct ELFFile {
    struct Segment {
        var address: UInt64
        var memorySize: UInt64
        var offset: UInt64
        var fileSize: UInt64
        var isWritable: Bool
        var isCode: Bool
    }

    struct Symbol {
        var address: UInt64
        var size: UInt64
    }

    /// STT_OBJECT and STT_FUNC.
    enum SymbolKind: UInt8 {
        case object = 1
        case function = 2
    }

    private struct Section {
        var kind: UInt32
        var flags: UInt64
        var offset: UInt64
        var size: UInt64
        var link: UInt32
        var entrySize: UInt64

        /// Of the file's own order and layout: libelf would unpack it.
        var isCompressed: Bool { flags & 0x800 != 0 }
    }

    #if arch(arm64)
        static let machine = "aarch64"
        private static let machineNumber: UInt64 = 183
    #else
        static let machine = "x86-64"
        private static let machineNumber: UInt64 = 62
    #endif
    private static let maximumSegments = 256
    private static let maximumSections = 4096
    private static let maximumTable: UInt64 = 32 << 20
    private static let maximumText: UInt64 = 128 << 20
    /// Elf64_Sym.
    private static let symbolSize = 24

    let entry: UInt64
    /// What is loaded.
    private(set) var segments: [Segment] = []
    private(set) var dynamic: Segment?
    /// Whether it can be run: libraries have no interpreter.
    private(set) var isProgram: Bool
    private var sections: [Section] = []

    /// Nil where it is none of this machine.
    init?(_ file: borrowing OpenFile) {
        let header = file.read(64, at: 0)
        // EI_MAG, ELFCLASS64, ELFDATA2LSB, EV_CURRENT.
        guard header.count == 64, header[..<7].elementsEqual([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) else { return nil }
        let type = header.number(at: 16, bytes: 2)
        let segmentCount = Int(header.number(at: 56, bytes: 2))
        let sectionOffset = header.number(at: 40)
        let sectionCount = Int(header.number(at: 60, bytes: 2))
        // ET_EXEC and ET_DYN. Where a count does not fit, section 0 would have it: no program has that many.
        guard type == 2 || type == 3, header.number(at: 18, bytes: 2) == Self.machineNumber,
            segmentCount <= Self.maximumSegments, segmentCount == 0 || header.number(at: 54, bytes: 2) == 56,
            sectionCount <= Self.maximumSections, (sectionOffset == 0) == (sectionCount == 0),
            sectionCount == 0 || header.number(at: 58, bytes: 2) == 64
        else { return nil }
        entry = header.number(at: 24)
        isProgram = type == 2
        readSegments(file.read(segmentCount * 56, at: header.number(at: 32)))
        readSections(file.read(sectionCount * 64, at: sectionOffset))
    }

    /// - Parameter table: Elf64_Phdr, as many as are there whole.
    private mutating func readSegments(_ table: [UInt8]) {
        for start in stride(from: 0, through: table.count - 56, by: 56) {
            let flags = table.number(at: start + 4, bytes: 4)
            let segment = Segment(
                address: table.number(at: start + 16), memorySize: table.number(at: start + 40),
                offset: table.number(at: start + 8), fileSize: table.number(at: start + 32),
                isWritable: flags & 2 != 0, isCode: flags & 1 != 0)
            switch table.number(at: start, bytes: 4) {
            case 1: segments.append(segment)  // PT_LOAD
            case 2: dynamic = segment  // PT_DYNAMIC
            case 3: isProgram = true  // PT_INTERP
            default: break
            }
        }
    }

    /// - Parameter table: Elf64_Shdr, as many as are there whole.
    private mutating func readSections(_ table: [UInt8]) {
        for start in stride(from: 0, through: table.count - 64, by: 64) {
            sections.append(
                Section(
                    kind: UInt32(table.number(at: start + 4, bytes: 4)), flags: table.number(at: start + 8),
                    offset: table.number(at: start + 24), size: table.number(at: start + 32),
                    link: UInt32(table.number(at: start + 40, bytes: 4)), entrySize: table.number(at: start + 56)))
        }
    }

    /// Where the value of DT_DEBUG is in memory.
    func debugPointer(_ file: borrowing OpenFile) -> UInt64? {
        guard let dynamic else { return nil }
        // Elf64_Dyn: a tag and a value, of 8 bytes each. DT_NULL and DT_DEBUG.
        let entries = file.read(Int(clamping: min(dynamic.fileSize, 64 << 10)), at: dynamic.offset)
        for index in stride(from: 0, through: entries.count - 16, by: 16) {
            let tag = entries.number(at: index)
            if tag == 0 { break }
            guard tag == 21 else { continue }
            let (address, overflows) = dynamic.address.addingReportingOverflow(UInt64(index) + 8)
            return overflows ? nil : address
        }
        return nil
    }

    /// Whether all of it is the process's own to write, as a global variable is.
    func isData(_ symbol: Symbol) -> Bool {
        segments.contains { segment in
            let (end, overflows) = symbol.address.subtractingReportingOverflow(segment.address)
            let (last, passes) = end.addingReportingOverflow(symbol.size)
            return segment.isWritable && !overflows && !passes && last <= segment.memorySize
        }
    }

    /// Where the code of a function is in the file; nil where it is in no code that is loaded from there.
    func fileOffset(of function: Symbol) -> UInt64? {
        for segment in segments where segment.isCode {
            let (distance, overflows) = function.address.subtractingReportingOverflow(segment.address)
            guard !overflows, distance < segment.fileSize else { continue }
            let (offset, passes) = segment.offset.addingReportingOverflow(distance)
            return passes ? nil : offset
        }
        return nil
    }

    /// The symbols that are defined here, first those for the dynamic linker, then what strip leaves out.
    func symbols(_ names: [String], _ kind: SymbolKind, in file: borrowing OpenFile) -> [String: Symbol] {
        var found: [String: Symbol] = [:]
        // SHT_DYNSYM and SHT_SYMTAB. More than one of a kind only takes time and memory.
        for table in [11, 2] as [UInt32] {
            guard let section = sections.first(where: { $0.kind == table }) else { continue }
            addSymbols(of: section, names.map { ($0, Array($0.utf8) + [0]) }, kind, file, to: &found)
            if found.count == names.count { break }
        }
        return found
    }

    private func addSymbols(
        of section: Section, _ wanted: [(name: String, bytes: [UInt8])], _ kind: SymbolKind,
        _ file: borrowing OpenFile, to found: inout [String: Symbol]
    ) {
        guard section.size <= Self.maximumTable, section.entrySize == UInt64(Self.symbolSize), !section.isCompressed,
            let strings = strings(section.link, file)
        else { return }
        let table = file.read(Int(section.size), at: section.offset)
        for start in stride(from: 0, through: table.count - Self.symbolSize, by: Self.symbolSize) {
            let name = Int(table.number(at: start, bytes: 4))
            // SHN_UNDEF is 0: it is defined elsewhere.
            guard table[start + 4] & 0xf == kind.rawValue, table[start + 6] | table[start + 7] != 0,
                name < strings.count
            else { continue }
            for (text, bytes) in wanted where found[text] == nil && strings[name...].starts(with: bytes) {
                found[text] = Symbol(address: table.number(at: start + 8), size: table.number(at: start + 16))
            }
        }
    }

    /// Where constants are in the file, in its order and each byte once: in sections, or in segments where there are no
    /// sections.
    func constants() -> [Range<UInt64>] {
        // SHT_PROGBITS that is SHF_ALLOC, and neither SHF_WRITE nor SHF_EXECINSTR: read-only, and no code.
        var parts = sections.filter { $0.kind == 1 && $0.flags & 0x807 == 2 }.map { ($0.offset, $0.size) }
        if parts.isEmpty { parts = segments.filter { !$0.isWritable }.map { ($0.offset, $0.fileSize) } }
        var ranges: [Range<UInt64>] = []
        var total: UInt64 = 0
        for (offset, size) in parts.sorted(by: { $0 < $1 }) {
            let (end, overflows) = offset.addingReportingOverflow(size)
            let start = max(offset, ranges.last?.upperBound ?? 0)
            guard !overflows, start < end else { continue }
            let kept = min(end - start, Self.maximumText - total)
            guard kept > 0 else { break }
            total += kept
            ranges.append(start..<start + kept)
        }
        return ranges
    }

    private func strings(_ link: UInt32, _ file: borrowing OpenFile) -> [UInt8]? {
        // SHT_STRTAB.
        guard link < sections.count, case let section = sections[Int(link)], section.kind == 3,
            section.size <= Self.maximumTable, !section.isCompressed
        else { return nil }
        return file.read(Int(section.size), at: section.offset)
    }
}

extension [UInt8] {
    /// A number of the file's byte order, which is that of this machine.
    fileprivate func number(at start: Int, bytes: Int = 8) -> UInt64 {
        var number: UInt64 = 0
        for index in (start..<start + bytes).reversed() { number = number << 8 | UInt64(self[index]) }
        return number
    }
}
