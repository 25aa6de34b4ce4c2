internal import MailWatch

/// What a web application's folder looks like.
struct ApplicationSignature: Sendable {
    struct VersionSource: Sendable {
        var file: String
        var version: @Sendable (_ text: [UInt8]) -> String?
    }

    /// `*` is a component of the name, `?` any component.
    struct Place: Sendable {
        var pattern: [Substring]
        var kind: WebApplication.Component.Kind

        init(_ kind: WebApplication.Component.Kind, _ pattern: String) {
            self.kind = kind
            self.pattern = pattern.split(separator: "/")
        }
    }

    var kind: WebApplication.Kind
    /// A folder with all files of one of these is a root.
    var markers: [[String]]
    /// Asked one after the other.
    var versions: [VersionSource]
    /// The first that fits.
    var places: [Place]

    /// Where one stands in the other, the first is meant.
    static let all = [wordPress, joomla, drupal, magento, prestaShop, laravel, symfony]

    static let plain = ApplicationSignature(kind: .plain, markers: [], versions: [], places: [vendor])

    private static let vendor = Place(.vendor, "vendor/*/*")

    private static func quoted(_ file: String, _ names: String...) -> VersionSource {
        VersionSource(file: file) { text in
            names.lazy.compactMap { VersionText.quoted(behind: $0, in: text) }.first
        }
    }

    private static let wordPress = ApplicationSignature(
        kind: .wordPress,
        markers: [["wp-includes/version.php"], ["wp-load.php"]],
        versions: [quoted("wp-includes/version.php", "$wp_version")],
        places: [
            Place(.plugin, "wp-content/plugins/*"), Place(.plugin, "wp-content/mu-plugins/*"),
            Place(.theme, "wp-content/themes/*"), Place(.uploads, "wp-content/uploads"),
            Place(.uploads, "wp-content/blogs.dir"), vendor,
        ])

    private static let joomla = ApplicationSignature(
        kind: .joomla,
        markers: [
            ["administrator/manifests/files/joomla.xml"], ["libraries/src/Version.php"],
            ["libraries/cms/version/version.php"], ["libraries/joomla/version.php"],
        ],
        versions: [VersionSource(file: "administrator/manifests/files/joomla.xml", version: VersionText.element)]
            + ["libraries/src/Version.php", "libraries/cms/version/version.php", "libraries/joomla/version.php"].map {
                VersionSource(file: $0, version: joomlaVersion)
            },
        places: ["", "administrator/"].flatMap {
            [
                Place(.module, $0 + "components/*"), Place(.module, $0 + "modules/*"),
                Place(.theme, $0 + "templates/*"),
            ]
        } + [Place(.plugin, "plugins/*/*"), Place(.uploads, "images"), Place(.vendor, "libraries/vendor/*/*")])

    /// Three numbers since 3.8; before, RELEASE was 3.7 and DEV_LEVEL the third number.
    @Sendable private static func joomlaVersion(_ text: [UInt8]) -> String? {
        if let major = VersionText.number(behind: "MAJOR_VERSION", in: text),
            let minor = VersionText.number(behind: "MINOR_VERSION", in: text),
            let patch = VersionText.number(behind: "PATCH_VERSION", in: text)
        {
            let extra = VersionText.quoted(behind: "EXTRA_VERSION", in: text)
            return VersionText.checked("\(major).\(minor).\(patch)\(extra.map { "-" + $0 } ?? "")".utf8)
        }
        guard let release = VersionText.quoted(behind: "RELEASE", in: text),
            let level = VersionText.quoted(behind: "DEV_LEVEL", in: text)
        else { return nil }
        return VersionText.checked("\(release).\(level)".utf8)
    }

    private static let drupal = ApplicationSignature(
        kind: .drupal,
        markers: [["core/lib/Drupal.php"], ["includes/bootstrap.inc"]],
        versions: [
            quoted("core/lib/Drupal.php", "const VERSION"),
            quoted("includes/bootstrap.inc", "define('VERSION'", "define(\"VERSION\""),
        ],
        places: ["", "core/", "sites/?/"].flatMap { base in
            ["contrib/*", "custom/*", "*"].flatMap {
                [Place(.module, base + "modules/" + $0), Place(.theme, base + "themes/" + $0)]
            }
        } + [Place(.uploads, "sites/?/files"), vendor])

    private static let magento = ApplicationSignature(
        kind: .magento,
        markers: [["bin/magento"], ["app/etc/env.php"], ["app/Mage.php"]],
        versions: [
            quoted(
                "composer.json", "\"magento/product-community-edition\"", "\"magento/product-enterprise-edition\"",
                "\"magento/product-cloud-edition\"", "\"version\""),
            VersionSource(file: "app/Mage.php", version: magento1Version),
        ],
        places: ["local", "community", "core"].map { Place(.module, "app/code/\($0)/*/*") } + [
            Place(.module, "app/code/*/*"), Place(.theme, "app/design/?/*/*"), Place(.uploads, "pub/media"),
            Place(.uploads, "media"), vendor,
        ])

    /// Mage::getVersionInfo() has an array of `'major' => '1'`.
    @Sendable private static func magento1Version(_ text: [UInt8]) -> String? {
        let parts = ["major", "minor", "revision", "patch"].compactMap {
            VersionText.quoted(behind: "'\($0)'", in: text)
        }
        return parts.count == 4 ? VersionText.checked(parts.joined(separator: ".").utf8) : nil
    }

    private static let prestaShop = ApplicationSignature(
        kind: .prestaShop,
        markers: [
            ["config/settings.inc.php"], ["config/defines.inc.php", "config/config.inc.php"],
            ["app/AppKernel.php", "src/Core/Version.php"], ["app/AppKernel.php", "classes/PrestaShopAutoload.php"],
        ],
        versions: [
            quoted("src/Core/Version.php", "const VERSION"), quoted("app/AppKernel.php", "const VERSION"),
            quoted("config/settings.inc.php", "'_PS_VERSION_'", "\"_PS_VERSION_\""),
        ],
        places: [
            Place(.module, "modules/*"), Place(.theme, "themes/*"), Place(.uploads, "upload"), Place(.uploads, "img"),
            Place(.uploads, "download"), vendor,
        ])

    private static let laravel = ApplicationSignature(
        kind: .laravel,
        markers: [
            ["artisan", "bootstrap/app.php"],
            ["artisan", "vendor/laravel/framework/src/Illuminate/Foundation/Application.php"],
        ],
        versions: [quoted("vendor/laravel/framework/src/Illuminate/Foundation/Application.php", "const VERSION")],
        places: [Place(.uploads, "storage/app/public"), Place(.uploads, "public/storage"), vendor])

    private static let symfony = ApplicationSignature(
        kind: .symfony,
        markers: [
            ["bin/console", "vendor/symfony/http-kernel/Kernel.php"], ["bin/console", "config/bundles.php"],
            ["bin/console", "vendor/symfony/symfony/src/Symfony/Component/HttpKernel/Kernel.php"],
        ],
        versions: [
            quoted("vendor/symfony/http-kernel/Kernel.php", "const VERSION"),
            quoted("vendor/symfony/symfony/src/Symfony/Component/HttpKernel/Kernel.php", "const VERSION"),
        ],
        places: [vendor])
}
