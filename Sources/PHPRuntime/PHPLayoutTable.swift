/// How one series of PHP versions lays out what the kernel side reads: offsets in bytes, of 64-bit builds without thread
/// safety. One row of the table. What has a default was the same in all series so far.
public struct PHPLayout: Sendable, Equatable {
    /// `8.2`.
    public var series: String
    public var major: UInt8
    public var minor: UInt8

    /// zend_executor_globals.current_execute_data: the innermost frame; NULL where no PHP code runs.
    public var currentExecuteData: UInt16

    /// zend_execute_data: the instruction that runs, the function it is of, the frame of the caller.
    public var opline: UInt16 = 0
    public var function: UInt16 = 24
    public var previous: UInt16

    /// zend_function, of which zend_op_array is one (its type is the byte at 0): zend_string, zend_class_entry, zend_string.
    public var functionName: UInt16 = 8
    public var scope: UInt16 = 16
    public var fileName: UInt16
    /// zend_class_entry.name, a zend_string.
    public var className: UInt16 = 8
    /// zend_op.lineno, 32 bits.
    public var opLine: UInt16 = 24
    /// zend_string: a size_t, and as many bytes.
    public var stringLength: UInt16 = 16
    public var stringValue: UInt16 = 24

    /// sapi_globals: server_context, and of request_info three C strings.
    public var serverContext: UInt16 = 0
    public var requestMethod: UInt16 = 8
    public var pathTranslated: UInt16 = 40
    public var requestURI: UInt16 = 48

    /// fcgi_request, which server_context is in FPM: has_env (32 bits), and the 128 buckets of env.hash_table.
    public var fcgiHasEnvironment: UInt16 = 8288
    public var fcgiEnvironment: UInt16 = 8296

    /// Oldest first.
    ///
    /// Taken with offsetof on x86-64, without ZTS and ZEND_DEBUG: "package" from the headers of Debian's -dev package,
    /// "tag" from php-src's at that tag, with the php_config.h of the nearest such package. fcgi_request is in no header:
    /// main/fastcgi.c was compiled at the tag. "Live": the prototype also walked running programs (cli, FPM, cgi,
    /// mod_php) by it; the other rows were not tried so.
    public static let table: [PHPLayout] = [
        // Tag php-7.0.33.
        PHPLayout(7, 0, currentExecuteData: 480, previous: 56, fileName: 120),
        // Tag php-7.1.33.
        PHPLayout(7, 1, currentExecuteData: 480, previous: 48, fileName: 120),
        // Tag php-7.2.34.
        PHPLayout(7, 2, currentExecuteData: 480, previous: 48, fileName: 120),
        // Tag php-7.3.33.
        PHPLayout(7, 3, currentExecuteData: 488, previous: 48, fileName: 128),
        // Package php7.4-dev 7.4.33-1+deb11u5; fcgi_request: tag php-7.4.33. Live.
        PHPLayout(7, 4, currentExecuteData: 488, previous: 48, fileName: 136),
        // Tag php-8.0.26.
        PHPLayout(8, 0, currentExecuteData: 488, previous: 48, fileName: 144),
        // Tag php-8.1.13.
        PHPLayout(8, 1, currentExecuteData: 488, previous: 48, fileName: 144),
        // Package php8.2-dev 8.2.32-1~deb12u1; fcgi_request: tag php-8.2.0. Live.
        PHPLayout(8, 2, currentExecuteData: 488, previous: 48, fileName: 152),
        // Branch PHP-8.3 at 1111fc6f2fb4 (8.3.6-dev), as a tag.
        PHPLayout(8, 3, currentExecuteData: 488, previous: 48, fileName: 144),
        // Package php8.4-dev 8.4.27-1~deb13u1; fcgi_request: only live. Live.
        PHPLayout(8, 4, currentExecuteData: 488, previous: 48, fileName: 168),
        // Headers of an 8.5 build, measured for the prototype; walked again with Debian's php8.5-cli 8.5.7-1. Live.
        PHPLayout(8, 5, currentExecuteData: 512, previous: 48, fileName: 168),
    ]

    private init(_ major: UInt8, _ minor: UInt8, currentExecuteData: UInt16, previous: UInt16, fileName: UInt16) {
        series = "\(major).\(minor)"
        self.major = major
        self.minor = minor
        self.currentExecuteData = currentExecuteData
        self.previous = previous
        self.fileName = fileName
    }

    /// The row to read a version by. One without a row of its own gets that of the nearest older version, and then it
    /// is not verified. Nil for versions before 7.0, whose engine was another one.
    public static func layout(major: Int, minor: Int) -> (layout: PHPLayout, isVerified: Bool)? {
        table.last { (Int($0.major), Int($0.minor)) <= (major, minor) }.map { row in
            (row, (Int(row.major), Int(row.minor)) == (major, minor))
        }
    }
}
