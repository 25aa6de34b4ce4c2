import Testing

@testable import MailWatch

@Suite struct MarkupTests {
    private func escaped(_ text: String, _ sink: Sink) -> String {
        var bytes: [UInt8] = []
        Escaping.append(text, to: &bytes, for: sink)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
        ("\" onload=\"x", "&quot; onload=&quot;x"), ("&lt;", "&amp;lt;"), ("a\r\nb\0", "a\\x0d\\x0ab\\x00"),
        ("\u{202E}", "\\u{202e}"), ("]]>-->", "]]&gt;--&gt;"), ("Grüße", "Grüße"),
    ])
    func htmlIsText(text: String, html: String) { #expect(escaped(text, .html) == html) }

    @Test(arguments: [
        ("[a](http://b)", #"\[a\](http\://b)"#), ("a|b", #"a\|b"#), ("<img src=x>", #"\<img src=x\>"#),
        ("*a* _b_ `c` ~~d~~", #"\*a\* \_b\_ \`c\` \~\~d\~\~"#), ("WWW.b.example", #"WWW\.b.example"#),
        ("a@b.example", #"a\@b.example"#), ("&amp;", #"\&amp;"#), ("a\n# b", ##"a\\x0a\# b"##), ("\\", #"\\\\"#),
    ])
    func markdownIsText(text: String, markdown: String) { #expect(escaped(text, .markdown) == markdown) }
}
