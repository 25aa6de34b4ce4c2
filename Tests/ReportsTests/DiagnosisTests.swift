import Foundation
import Reports
import Testing

struct DiagnosisTests {
    @Test(
        arguments: [
            ([], .ok, 0), ([.ok, .ok], .ok, 0), ([.unused], .ok, 0), ([.ok, .degraded, .unused], .degraded, 1),
            ([.unusable, .degraded, .ok], .unusable, 2), ([.degraded, .unusable], .unusable, 2),
        ] as [([Diagnosis.Status], Diagnosis.Status, Int32)])
    func worstCheckDecides(checks: [Diagnosis.Status], status: Diagnosis.Status, exitStatus: Int32) throws {
        let diagnosis = Diagnosis(checks: checks.map { Diagnosis.Check("check", $0, "") })
        #expect(diagnosis.status == status)
        #expect(diagnosis.exitStatus == exitStatus)
        let json = try #require(JSONSerialization.jsonObject(with: Data(diagnosis.json)) as? [String: Any])
        #expect(json["status"] as? String == status.rawValue)
        #expect(json["exit_status"] as? Int32 == exitStatus)
        #expect((json["checks"] as? [[String: String]])?.map { $0["status"] } == checks.map(\.rawValue))
    }

    @Test func tableHasALineACheck() {
        let diagnosis = Diagnosis(checks: [
            Diagnosis.Check("btf", .ok, "/sys/kernel/btf/vmlinux"), Diagnosis.Check("kprobe", .unusable, "a\u{1B}\nb"),
        ])
        #expect(
            String(decoding: diagnosis.table, as: UTF8.self) == """
                btf     ok        /sys/kernel/btf/vmlinux
                kprobe  unusable  a\\x1b\\x0ab
                mailsnoop cannot trace here.

                """)
    }

    @Test func detailIsQuotedInJSON() throws {
        let diagnosis = Diagnosis(checks: [Diagnosis.Check("a\"b", .degraded, "c\u{1B}\n\\")])
        let json = try #require(JSONSerialization.jsonObject(with: Data(diagnosis.json)) as? [String: Any])
        let check = try #require((json["checks"] as? [[String: String]])?.first)
        #expect(check == ["name": "a\"b", "status": "degraded", "detail": "c\u{1B}\n\\"])
    }
}
