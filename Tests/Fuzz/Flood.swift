/// Complaints that are made to take long: each repeats what costs most for its bytes.
struct Flood {
    let name: String
    private let start: String
    private let unit: String
    private let end: String

    private init(_ name: String, _ start: String, _ unit: String, _ end: String = "") {
        self.name = name
        self.start = start
        self.unit = unit
        self.end = end
    }

    /// A complaint of about `count` bytes.
    func bytes(_ count: Int) -> [UInt8] {
        let unit = Array(unit.utf8)
        var bytes = Array(start.utf8)
        bytes.reserveCapacity(count + unit.count + end.utf8.count)
        while bytes.count + end.utf8.count < count { bytes += unit }
        return bytes + Array(end.utf8)
    }

    private static let mail = "From: a@b.example\nSubject: x\n"

    /// A multipart body whose parts have this type.
    private static func parts(_ name: String, _ type: String, _ unit: String) -> Flood {
        Flood(name, mail + "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: \(type)\n\n", unit)
    }

    /// 200 parts for each 10 MiB.
    private static func manyParts(_ name: String, _ type: String, _ unit: String) -> Flood {
        let part = "--b\nContent-Type: \(type)\n\n"
        return Flood(
            name, mail + "Content-Type: multipart/mixed; boundary=b\n\n",
            part + String(repeating: unit, count: max((52_000 - part.utf8.count) / unit.utf8.count, 1)) + "\n")
    }

    static let all: [Flood] = [
        Flood("line feeds", mail + "\n", "\n"),
        Flood("short fields", "", "a:\n"),
        Flood("folds", mail + "x: y\n", " y\n"),
        Flood("Received fields", "", "Received: from a (1.2.3.4 a. b. c. d. e.) by b; 1 Jan 2018 1:1\n"),
        Flood(
            "Received comments", "",
            "Received: from a " + String(repeating: "(1. 2. 3. 4. 5. 6. 7. 8. 9. 1. 2. 3. 4. 5. 6. 7.)", count: 16)
                + ";1:1\n"),
        Flood("open comments", "Received: from a ", "(", "; 1 Jan 2018 1:1\n"),
        Flood("quoted Received lines", "text\n", "> Received: from a ((1.2.3.4) by b; 1 Jan 2018 1:1\n"),
        Flood("fields in words", "text\n", "> a: b\n"),
        Flood("encoded words", "From: a@b\nSubject: ", "=?"),
        Flood("equals signs", "From: a@b\nSubject: ", "="),
        Flood("parameters", "From: a@b\nContent-Type: multipart/x", ";a=\"b\" "),
        Flood("times", "text\n", "1:1 "), Flood("dates", "text\n", "13 Feb 2018 1:1:1 +0100 (x)\n"),
        Flood("addresses", "text\n", "1. "), Flood("helo words", "text\n", "helo as "),
        Flood("one word", "text\n", "a"), Flood("blanks", "text\n", " "), Flood("zeros", "text\n", "\0"),
        parts("arrival dates", "message/feedback-report", "arrival-date:1:1\n"),
        parts("source addresses", "message/feedback-report", "source-ip:1.\n"),
        parts("groups", "message/delivery-status", "a:b\n\n"),
        parts("diagnoses", "message/delivery-status", "diagnostic-code:1:1 1. 1:1 1.\n\n"),
        parts("remote MTAs", "message/delivery-status", "remote-mta:1. 1. 1. 1. 1. 1. 1. 1. 1.\n"),
        parts("quoted-printable", "text/plain\nContent-Transfer-Encoding: quoted-printable", "=41 "),
        parts("base64", "message/rfc822\nContent-Transfer-Encoding: base64", "YTpiCg=A"),
        parts("boundaries", "text/plain", "\n--b\n"),
        parts("other types", "image/png", "\n--b\nContent-Type: image/png\n"),
        parts("almost boundaries", "text/plain", "--bb\n"),
        manyParts("parts of times", "text/plain", "1:1 "), manyParts("parts of addresses", "text/plain", "1. "),
        manyParts("parts of JSON", "application/json", "[-1],"),
        manyParts("parts of reports", "message/feedback-report", "arrival-date:1:1\nsource-ip:1.\n"),
        manyParts("parts of mails", "message/rfc822", "Received: from a (1. 2. 3. 4.); 1:1\n"),
        Flood("mails in mails", "", "Content-Type: message/rfc822\nx: y\n\n"),
        Flood(
            "mails in mails around lines",
            String(repeating: "Content-Type: message/rfc822\nx: y\n\n", count: 7), "1:1 1. helo as a:b\n"),
        Flood(
            "multiparts in multiparts",
            (1..<8).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined(), "--b\n"),
        Flood("numbers of JSON", #"{"xarf_version":"4","a":["#, "-1,", "-1]}"),
        Flood("members of JSON", #"{"xarf_version":"4","a":{"#, #""b":-1,"#, #""c":1}}"#),
        Flood("lists of JSON", #"{"xarf_version":"4","a":"#, "["), Flood("objects of JSON", "{", #""a":{"#),
        Flood("text of JSON", #"{"xarf_version":"4","subject":""#, "\\u00e4", #""}"#),
        Flood(
            "evidence", #"{"xarf_version":"4","evidence":[{"content_type":"message/rfc822","payload":""#,
            "YTpiCmE6Ygph",
            #""}]}"#),
        Flood(
            "evidence of fields", #"{"xarf_version":"4","evidence":[{"content_type":"text/plain","payload":""#,
            "YTpi\\n",
            #""}]}"#),
    ]
}
