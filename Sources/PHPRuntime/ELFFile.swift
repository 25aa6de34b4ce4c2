internal import CLibelf

/// A program or library of this machine. The file is an attacker's: it is read and never mapped, for it may be cut short
/// meanwhile, and all that is taken from it has bounds.
@safe struct ELFFile: ~Copyable {
    struct Segment {
        var address: UInt64
        var memorySize: UInt64
        var offset: UInt64
        var fileSize: UInt64
        var isWritable: Bool
    }

    struct Symbol {
        var address: UInt64
        var size: UInt64
    }

    /// `x86-64`.
    static let machine = shim_machine == Int(EM_AARCH64) ? "aarch64" : "x86-64"
    private static let maximumSegments = 256
    private static let maximumSections = 4096
    private static let maximumTable = 32 << 20
    private static let maximumText: UInt64 = 128 << 20

    let entry: UInt64
    /// What is loaded.
    private(set) var segments: [Segment] = []
    private(set) var dynamic: Segment?
    /// Whether it can be run: libraries have no interpreter.
    private(set) var isProgram: Bool
    private let elf: OpaquePointer

    /// The file has to stay open as long as this lives. Nil where it is none of this machine.
    init?(_ file: borrowing OpenFile) {
        // libelf would make room for as many sections and segments as section 0 claims, where the header says so.
        let start = file.read(64, at: 0)
        guard start.count == 64, start[40..<48].allSatisfy({ $0 == 0 }) || start[60] | start[61] != 0,
            start[56] & start[57] != 0xff
        else { return nil }
        guard elf_version(UInt32(EV_CURRENT)) != UInt32(EV_NONE),
            // ELF_C_READ reads; what it gives is ended below or in deinit.
            let elf = unsafe elf_begin(file.descriptor, ELF_C_READ, nil)
        else { return nil }
        var header = GElf_Ehdr()
        var count = 0
        // libelf fills both, and says of itself where the file is too short for them.
        guard unsafe elf_kind(elf) == ELF_K_ELF, unsafe gelf_getclass(elf) == ELFCLASS64,
            unsafe gelf_getehdr(elf, &header) != nil, Int(header.e_machine) == shim_machine,
            Int32(header.e_type) == ET_EXEC || Int32(header.e_type) == ET_DYN,
            unsafe elf_getphdrnum(elf, &count) == 0, count <= Self.maximumSegments
        else {
            unsafe elf_end(elf)
            return nil
        }
        unsafe self.elf = elf
        entry = header.e_entry
        isProgram = Int32(header.e_type) == ET_EXEC
        for index in 0..<Int32(count) {
            var program = GElf_Phdr()
            guard unsafe gelf_getphdr(elf, index, &program) != nil else { continue }
            let segment = Segment(
                address: program.p_vaddr, memorySize: program.p_memsz, offset: program.p_offset,
                fileSize: program.p_filesz, isWritable: program.p_flags & UInt32(PF_W) != 0)
            switch Int32(bitPattern: program.p_type) {
            case PT_LOAD: segments.append(segment)
            case PT_DYNAMIC: dynamic = segment
            case PT_INTERP: isProgram = true
            default: break
            }
        }
    }

    deinit { unsafe elf_end(elf) }

    /// Where the value of DT_DEBUG is in memory.
    func debugPointer(_ file: borrowing OpenFile) -> UInt64? {
        guard let dynamic else { return nil }
        // Elf64_Dyn: a tag and a value, of 8 bytes each.
        let entries = file.read(Int(clamping: min(dynamic.fileSize, 64 << 10)), at: dynamic.offset)
        for index in stride(from: 0, through: entries.count - 16, by: 16) {
            let tag = entries[index..<index + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if tag == UInt64(DT_NULL) { break }
            guard tag == UInt64(DT_DEBUG) else { continue }
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

    /// The symbols that are defined here, first those for the dynamic linker, then what strip leaves out.
    func symbols(_ names: [String], in file: borrowing OpenFile) -> [String: Symbol] {
        var found: [String: Symbol] = [:]
        let wanted = names.map { (name: $0, bytes: Array($0.utf8) + [0]) }
        for kind in [SHT_DYNSYM, SHT_SYMTAB] {
            var isFirst = true
            unsafe eachSection { section, header in
                // More than one of a kind only takes time and memory.
                guard header.sh_type == UInt32(kind), isFirst else { return }
                isFirst = false
                guard header.sh_size <= Self.maximumTable,
                    let strings = strings(UInt64(header.sh_link), file),
                    // libelf gives as many bytes as the section has in the file, or nothing.
                    let data = unsafe elf_getdata(section, nil)
                else { return }
                for index in 0..<Int32(header.sh_size / 24) {
                    var symbol = GElf_Sym()
                    guard unsafe gelf_getsym(data, index, &symbol) != nil else { return }
                    guard symbol.st_shndx != UInt16(SHN_UNDEF), Int32(symbol.st_info & 0xf) == STT_OBJECT,
                        symbol.st_name < strings.count
                    else { continue }
                    let name = strings[Int(symbol.st_name)...]
                    for (text, bytes) in wanted where found[text] == nil && name.starts(with: bytes) {
                        found[text] = Symbol(address: symbol.st_value, size: symbol.st_size)
                    }
                }
            }
            if found.count == names.count { break }
        }
        return found
    }

    /// Where constants are in the file: in sections, or in segments where there are no sections.
    func constants() -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        var total: UInt64 = 0
        func add(_ offset: UInt64, _ size: UInt64) {
            let (end, overflows) = offset.addingReportingOverflow(size)
            guard !overflows, size <= Self.maximumText, total + size <= Self.maximumText else { return }
            total += size
            ranges.append(offset..<end)
        }
        unsafe eachSection { _, header in
            // Read-only, and no code.
            let flags = header.sh_flags & UInt64(SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR | SHF_COMPRESSED)
            guard header.sh_type == UInt32(SHT_PROGBITS), flags == UInt64(SHF_ALLOC) else { return }
            add(header.sh_offset, header.sh_size)
        }
        if ranges.isEmpty {
            for segment in segments where !segment.isWritable { add(segment.offset, segment.fileSize) }
        }
        return ranges
    }

    /// libelf's own elf_strptr believes the size that a compressed section claims.
    private func strings(_ section: UInt64, _ file: borrowing OpenFile) -> [UInt8]? {
        var header = GElf_Shdr()
        // libelf knows the section or gives NULL, which it takes as well; it fills the header.
        guard let section = unsafe elf_getscn(elf, Int(clamping: section)),
            unsafe gelf_getshdr(section, &header) != nil, header.sh_type == UInt32(SHT_STRTAB),
            header.sh_flags & UInt64(SHF_COMPRESSED) == 0, header.sh_size <= Self.maximumTable
        else { return nil }
        return file.read(Int(header.sh_size), at: header.sh_offset)
    }

    private func eachSection(_ body: (OpaquePointer, GElf_Shdr) -> Void) {
        // The pointers are valid until elf_end.
        var next = unsafe elf_nextscn(elf, nil)
        for _ in 0..<Self.maximumSections {
            guard let section = unsafe next else { return }
            var header = GElf_Shdr()
            if unsafe gelf_getshdr(section, &header) != nil, header.sh_flags & UInt64(SHF_COMPRESSED) == 0 {
                unsafe body(section, header)
            }
            unsafe next = elf_nextscn(elf, section)
        }
    }
}
