import MailWatch
import Testing

struct LossesTests {
    @Test func everyCauseIsNamedAndCounted() {
        var losses = Losses()
        #expect(losses.description == "lost: nothing")
        #expect(losses.total == 0)
        losses.connects = 2
        losses.established = 3
        losses.ends = 5
        losses.unfollowed = 7
        losses.contexts = 17
        losses.origins = 19
        losses.missed = 11
        losses.undecodable = 13
        #expect(losses.total == 77)
        #expect(
            losses.description
                == "lost: connects 2, established 3, ends 5, unfollowed 7, contexts 17, origins 19, "
                + "missed 11, undecodable 13")
    }

    @Test func causeWithoutALossIsLeftOut() {
        var losses = Losses()
        losses.ends = 1
        #expect(losses.description == "lost: ends 1")
    }

    @Test func thoseWhoLostMostAreNamed() {
        var losses = Losses()
        losses.connects = 40
        losses.users = [33: 2, 1000: 30, 7: 2, 0: 6]
        #expect(losses.description == "lost: connects 40 (uid 1000 30, uid 0 6, uid 7 2)")
        #expect(losses.total == 40)
    }
}
