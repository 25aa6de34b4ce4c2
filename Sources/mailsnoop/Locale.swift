internal import Glibc
internal import MailWatch

/// What a terminal can show.
enum Terminal {
    /// By the locale's character set.
    static var sink: Sink {
        // nl_langinfo's text stays until the locale changes, and that happens once, before.
        unsafe String(cString: nl_langinfo(nl_item(CODESET))) == "UTF-8" ? .text : .ascii
    }
}
