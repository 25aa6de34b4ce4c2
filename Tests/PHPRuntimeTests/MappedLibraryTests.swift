import TestSupport
import Testing

@testable import PHPRuntime

struct MappedLibraryTests {
    private func parse(_ maps: String) -> [MappedLibrary] {
        MappedLibrary.parse(Array(maps.utf8), named: PHPNames.isLibrary)
    }

    @Test func eachLibraryIsFoundOnce() {
        let libraries = parse(
            """
            55d0-55d8 r-xp 00000000 fe:00 14106729                   /usr/sbin/apache2
            7f00-7f10 r--p 00000000 fe:00 1041234                    /usr/lib/apache2/modules/libphp8.2.so
            7f10-7f20 r-xp 00010000 fe:00 1041234                    /usr/lib/apache2/modules/libphp8.2.so
            7f20-7f30 r--p 00000000 fe:00 77                         /opt/my php/libphp.so (deleted)
            7f30-7f40 r--p 00000000 fe:00 78                         /usr/lib64/apache2/mod_php8.so
            7f40-7f50 rw-p 00000000 00:00 0                          [heap]
            7f50-7f60 rw-p 00000000 00:00 0
            7f60-7f70 r--p 00000000 fe:00 79                         /usr/lib/php/20220829/opcache.so
            7f70-7f80 r--p 00000000 fe:00 80                         /srv/libphp.so/other

            """)
        #expect(
            libraries == [
                MappedLibrary(range: "7f00-7f10", inode: 1_041_234, path: "/usr/lib/apache2/modules/libphp8.2.so"),
                MappedLibrary(range: "7f20-7f30", inode: 77, path: "/opt/my php/libphp.so (deleted)"),
                MappedLibrary(range: "7f30-7f40", inode: 78, path: "/usr/lib64/apache2/mod_php8.so"),
            ])
    }

    @Test(arguments: [
        "", "/", "/libphp.so", "a /libphp.so", "1-2 r--p 0 fe:00 x /libphp.so", "1-2 r--p 0 fe:00 -1 /libphp.so",
        "1-2 r--p 0 fe:00 99999999999999999999 /libphp.so", "     /libphp.so",
    ])
    func lineThatIsNoneIsLeftOut(line: String) { #expect(parse(line).isEmpty) }

    @Test(arguments: [
        ("/usr/sbin/php-fpm8.2 (deleted)", true), ("php", true), ("/usr/local/lsws/lsphp82/bin/lsphp", true),
        ("/usr/bin/frankenphp", false), ("/php/sh", false), ("", false), ("/", false),
    ])
    func nameSaysPHP(path: String, isProgram: Bool) {
        #expect(PHPNames.isProgram(PHPNames.fileName(path)) == isProgram)
    }

    @Test(arguments: [
        ("/usr/sbin/apache2", true), ("httpd", true), ("httpd-prefork", true), ("httpd.worker (deleted)", true),
        ("/usr/sbin/httpd (deleted)", true),
        ("/usr/bin/frankenphp", true), ("apache2ctl", false), ("lighttpd", false), ("httpd/x", false),
    ])
    func nameSaysHost(path: String, isHost: Bool) { #expect(PHPNames.isHost(PHPNames.fileName(path)) == isHost) }
}
