// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "mailsnoop",
    products: [.executable(name: "mailsnoop", targets: ["mailsnoop"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // libbpf, as Debian ships it.
        .systemLibrary(name: "CLibbpf", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
        // libmd, for the hash of a script.
        .systemLibrary(name: "CLibmd", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        // ncursesw, for the terminal. Its pkg-config has macros that change every C header.
        .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
        // zlib, for rows that wait.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // What the Glibc module lacks.
        .target(name: "CLinux", linkerSettings: [.linkedLibrary("resolv")]),
        // The kernel side: the contract, and the compiled program (`make bpf`).
        .target(
            name: "CProbe", path: "bpf",
            exclude: [
                "probe.bpf.c", "probe.bpf.o", "kernel.h", "maps.bpf.h", "fingerprint.bpf.h", "identity.bpf.h",
                "php.bpf.h", "connection.bpf.h", "execution.bpf.h", "dialogue.bpf.h", "LICENSE",
            ],
            sources: ["object.c"]),
        // The core: no root, no libbpf, no terminal.
        .target(name: "MailWatch", swiftSettings: strict),
        // What was complained of, and which connections it fits: no root, no database, no terminal.
        .target(name: "Complaints", dependencies: ["MailWatch"], swiftSettings: strict),
        .target(name: "HostFacts", dependencies: ["CLinux", "MailWatch"], swiftSettings: strict),
        .target(
            name: "Configuration", dependencies: ["HostFacts", "MailWatch", "TOMLKit"], swiftSettings: strict),
        .target(name: "PHPRuntime", dependencies: ["CLinux"], swiftSettings: strict),
        .target(
            name: "Scripts",
            dependencies: ["CLibmd", "CLinux", "HostFacts", "MailWatch"],
            swiftSettings: strict),
        .target(
            name: "KernelProbe", dependencies: ["CLibbpf", "CLinux", "CProbe", "HostFacts", "MailWatch", "PHPRuntime"],
            swiftSettings: strict),
        .target(name: "Reports", dependencies: ["CLinux", "CZlib", "MailWatch"], swiftSettings: strict),
        // What was recorded: the only importer of GRDB.
        .target(
            name: "History",
            dependencies: [
                "CLinux", "MailWatch", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ], swiftSettings: strict),
        // The incident note.
        .target(
            name: "Notes", dependencies: ["Complaints", "History", "MailWatch", "Reports"], swiftSettings: strict),
        // The live view: the only importer of ncurses.
        .target(
            name: "TopView", dependencies: ["CLinux", "CNcurses", "MailWatch", "Reports"], swiftSettings: strict),
        .executableTarget(
            name: "mailsnoop",
            dependencies: [
                "CLinux", "Complaints", "Configuration", "History", "HostFacts", "KernelProbe", "MailWatch",
                "Notes", "PHPRuntime", "Reports", "Scripts", "TopView",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        .testTarget(name: "MailWatchTests", dependencies: ["MailWatch", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ComplaintsTests", dependencies: ["Complaints", "MailWatch", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "HostFactsTests", dependencies: ["HostFacts", "MailWatch"], swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "MailWatch"], swiftSettings: strict),
        .testTarget(name: "PHPRuntimeTests", dependencies: ["PHPRuntime", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ScriptsTests", dependencies: ["HostFacts", "MailWatch", "Scripts", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "KernelProbeTests", dependencies: ["CProbe", "KernelProbe", "MailWatch", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests", dependencies: ["MailWatch", "Reports", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "Complaints", "History", "MailWatch", "Notes", "TestSupport", "history-load",
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .testTarget(
            name: "NotesTests", dependencies: ["Complaints", "History", "MailWatch", "Notes", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "TopViewTests", dependencies: ["MailWatch", "TopView"], swiftSettings: strict),
        .testTarget(name: "CommandTests", dependencies: ["mailsnoop", "TestSupport"], swiftSettings: strict),
        // Writes made connections into a history.
        .executableTarget(
            name: "history-load",
            dependencies: [
                "History", "MailWatch", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/HistoryLoad", swiftSettings: strict),
        // Damaged databases, recordings and complaints (`make fuzz`).
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Complaints", "History", "MailWatch", "Notes", "Reports", "TestSupport", "TopView",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], path: "Tests/Fuzz", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["TestSupport", "fuzz"], swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .testTarget(
            name: "KernelTests", dependencies: ["HostFacts", "KernelProbe", "MailWatch", "PHPRuntime", "TestSupport"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)
