import Foundation
import TestSupport
import Testing

/// `match` where nothing was recorded: needs no root.
@Suite struct MatchTests {
    /// As it came to the one who needed mailsnoop first.
    private static let header = """
        Received: from mail.com ([94.130.34.42])
               by smtp-27.iol.local with SMTP
               id itOWeYZ6O42IFitOWe35TR; Tue, 13 Feb 2018 03:54:09 +0100
        From: "Servizi online - Poste Italiane" <posteitaliane@test123.it>
        """

    private func match(_ arguments: [String], input: String = "") throws -> Child.Result {
        let missing = FileManager.default.temporaryDirectory.appending(path: "mailsnoop-\(UUID())").path
        return try Child([Repository.mailsnoop, "match", "--no-dns", "--database", missing] + arguments).end(
            input: input)
    }

    @Test func theHeaderIsExplainedFromStdin() throws {
        let result = try match(["-"], input: Self.header)
        #expect(result.status == 1)
        #expect(result.text.contains("\"mail.com\" is what the client called itself (EHLO or HELO)"))
        #expect(result.text.contains("It is not reverse DNS."))
        #expect(result.text.contains("time        2018-02-13T02:54:09Z, give or take 5 min"))
        #expect(result.text.contains("Nothing is recorded"))
    }

    @Test func optionsComeBeforeWhatIsReceived() throws {
        let result = try match(
            ["-", "--time", "2018-02-13T03:00:00Z", "--ehlo", "a\u{1B}[2Jb", "--window", "90s", "--src-port", "41822"],
            input: Self.header)
        #expect(result.text.contains("time        2018-02-13T03:00:00Z, give or take 1 min 30 s"))
        #expect(result.text.contains("EHLO        a\\x1b[2Jb"))
        #expect(result.text.contains("source port 41822"))
        #expect(result.text.contains("sender      posteitaliane@test123.it"))
    }

    @Test func aTimeWithoutAZoneIsSaid() throws {
        let result = try match(["--time", "2018-02-13 03:54"])
        #expect(result.errors.contains("--time is taken as 2018-02-13T"))
        #expect(result.errors.contains("the local zone"))
    }

    @Test(arguments: [
        [], ["--window", "5m"], ["--time", "half past nine"], ["--src-port", "70000", "-"], ["--limit", "0", "-"],
    ])
    func wrongArgumentsAreRefused(arguments: [String]) throws {
        let result = try match(arguments)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let result = try match(["/no/such/file"])
        #expect(result.status == 66)
        #expect(result.errors == "mailsnoop: cannot read /no/such/file: No such file or directory\n")
    }
}
