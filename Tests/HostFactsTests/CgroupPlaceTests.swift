import HostFacts
import Testing

struct CgroupPlaceTests {
    private static let id = String(repeating: "0123456789abcdef", count: 4)
    private static let otherID = String(repeating: "fedcba9876543210", count: 4)

    private func place(_ path: String) -> CgroupPlace { CgroupPlace(path: Array(path.utf8)) }

    @Test(
        arguments: [
            ("/system.slice/postfix@-.service", "postfix@-.service"),
            ("/system.slice/php8.2-fpm.service", "php8.2-fpm.service"),
            ("/system.slice/system-postfix.slice/postfix@-.service", "postfix@-.service"),
            ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", "user@1000.service/x.service"),
            ("/user.slice/user-1000.slice", "user-1000.slice"),
            ("/system.slice/nginx.service/workers", "nginx.service"), ("/init.scope", "init.scope"), ("/", nil),
            ("", nil), ("/service", nil), (".../php8.2-fpm.service", ".../php8.2-fpm.service"),
        ] as [(String, String?)])
    func unitIsTheInnermost(path: String, unit: String?) {
        #expect(place(path).unit == unit)
        #expect(place(path).container == nil)
    }

    @Test(arguments: [
        "/system.slice/docker-\(id).scope", "/docker/\(id)", "/docker/\(id)/init",
        "/docker/\(id)/system.slice/x.service",
        "/machine.slice/libpod-\(id).scope", "/machine.slice/libpod-\(id).scope/container",
        "/libpod_parent/libpod-\(id)",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podb2a4.slice/cri-containerd-\(id).scope",
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podb2a4.slice/crio-\(id).scope",
        "/kubepods.slice/kubepods-podb2a4.slice/docker-\(id).scope",
        "/kubepods/burstable/podb2a4c6d8-0000-4000-8000-000000000000/\(id)", "/default/\(id)",
        "/system.slice/nerdctl-\(id).scope",
    ])
    func containerIsKnownByItsID(path: String) {
        #expect(place(path).container == Self.id)
    }

    @Test(arguments: [
        ("/lxc.payload.web1", "web1"), ("/lxc.payload.web1/system.slice/php8.2-fpm.service", "web1"),
        ("/lxc/web1", "web1"), ("/lxc/web1/system.slice", "web1"), ("/lxc.payload/web1", "web1"),
        ("/machine.slice/machine-web1.scope", "web1"), ("/machine.slice/machine-web1.scope/payload", "web1"),
    ])
    func containerIsKnownByItsName(path: String, name: String) {
        #expect(place(path).container == name)
    }

    /// The watchers of a container run outside of it.
    @Test(arguments: [
        "/machine.slice/libpod-conmon-\(id).scope", "/system.slice/crio-conmon-\(id).scope", "/lxc.monitor.web1",
    ])
    func watcherOfAContainerIsNotInIt(path: String) {
        #expect(place(path).container == nil)
    }

    /// path, how many parts root has named, what is said of the rest.
    @Test(
        arguments: [
            ("/deleg/lxc.payload.x", 1, "deleg/lxc.payload.x"), ("/deleg/x.service", 1, "deleg/x.service"),
            ("/deleg/docker/\(id)", 1, "deleg/\(id)"), ("/lxc/web1", 1, "lxc/web1"),
            ("/system.slice/shop.service/docker-\(id).scope", 2, "shop.service/docker-\(id).scope"),
            ("/system.slice/shop.service/a/lxc.payload.x", 2, "shop.service/lxc.payload.x"),
            ("/system.slice/shop.service/workers", 2, "shop.service"),
            ("/system.slice/postfix.service", 0, ".../postfix.service"),
            ("/deleg/lxc.payload.x/y", 0, ".../lxc.payload.x"),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope/container", 5,
                "user@1000.service/libpod-\(id).scope"
            ),
            (".../lxc.payload.x", 2, ".../lxc.payload.x"), (".../docker-\(id).scope/x", 3, ".../docker-\(id).scope"),
            ("/deleg/x", 1, nil),
        ] as [(String, Int, String?)])
    func whatADelegatedUserMadeIsShownAsSuch(path: String, systemParts: Int, unit: String?) {
        let place = CgroupPlace(path: Array(path.utf8), systemParts: systemParts)
        #expect(place.unit == unit)
        #expect(place.container == nil)
    }

    @Test func whatRootMadeAboveStays() {
        let place = CgroupPlace(path: Array("/lxc.payload.web1/docker/\(Self.id)".utf8), systemParts: 1)
        #expect(place.container == "web1")
        #expect(place.unit == "lxc.payload.web1/\(Self.id)")
    }

    @Test func innermostContainerCounts() {
        #expect(place("/docker/\(Self.otherID)/docker/\(Self.id)").container == Self.id)
        #expect(place("/lxc.payload.web1/docker/\(Self.id)").container == Self.id)
    }

    @Test(arguments: [
        "/docker/\(id.dropLast())", "/docker/\(id)0", "/docker/\(id.uppercased())", "/docker", "/lxc.payload.",
        "/system.slice/docker.service", "/system.slice/docker-.scope", "/system.slice/docker-web.scope",
    ])
    func whatOnlyLooksLikeAContainerIsNone(path: String) {
        #expect(place(path).container == nil)
    }

    /// A name that begins with a combining mark stays a name of its own: who makes it cannot step out of a container.
    @Test(arguments: ["\u{301}x", "\u{200D}", "\u{FE0F}x"])
    func strangeNameBelowHidesNothing(name: String) {
        #expect(place("/docker/\(Self.id)/\(name)").container == Self.id)
        #expect(place("/system.slice/php8.2-fpm.service/\(name)").unit == "php8.2-fpm.service")
    }

    @Test func pathWithoutUTF8IsReadAsFarAsItIs() {
        let path = Array("/docker/\(Self.id)/".utf8) + [0xFF, 0xC0, 0x80] + Array("/x.service".utf8)
        #expect(CgroupPlace(path: path).container == Self.id)
        #expect(CgroupPlace(path: path).unit == "x.service")
        #expect(CgroupPlace(path: [0xFF]) == CgroupPlace(path: []))
    }

    @Test func pathOfTenThousandPartsIsRead() {
        let deep =
            "/docker/\(Self.id)/a.service" + String(repeating: "/x", count: 10_007) + String(repeating: "/", count: 97)
        #expect(place(deep).container == Self.id)
        #expect(place(deep).unit == "a.service")
    }
}
