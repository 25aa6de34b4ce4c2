/// What the view says of its keys.
enum Help {
    /// The most important keys of a page, for the last line.
    static func keys(_ page: LiveView.Page) -> [(String, String)] {
        switch page {
        case .groups:
            [
                ("q", "quit"), ("?", "help"), ("Enter", "detail"), ("c", "connections"), ("g", "group"),
                ("/", "filter"), ("!", "alarms"), ("< >", "sort"), ("p", "pause"), ("w", "save"),
            ]
        case .connections: [("Esc", "back"), ("?", "help"), ("Enter", "detail"), ("/", "filter"), ("w", "save")]
        case .group: [("Esc", "back"), ("c", "connections"), ("?", "help")]
        case .connection, .help: [("Esc", "back")]
        }
    }

    /// No wider and no longer than a screen of 80x24 has room for.
    static let lines = [
        "A line is a sender. ! marks an alarm (direct-mx: mail to other hosts that no",
        "mail server of this host sends), ? what is not known yet.",
        "",
        "  Up Down j k         select, or scroll; PgUp PgDn Home End go further",
        "  Enter               all about it: process, PHP stack, request, dialogue, why",
        "  c C                 its connections; those of all",
        "  g G Tab, 1 to 5     by script, program, user, pool, destination",
        "  < > Left Right, r   sort by another column; the other way round",
        "  /                   filter as you type: script, user, address, EHLO, mailbox",
        "  ! a                 alarms only",
        "  p Space             pause: what happens goes on being counted",
        "  w                   save what is seen as CSV",
        "  m                   mouse: select, scroll, sort by a click on a title",
        "  ^L                  draw all anew",
        "  Esc q Q ^C          back, no filter; back, out; out; out",
        "",
        "  CONNECTS  since the start; /MIN in the last minute; FAILED never established",
        "  DESTS     different addresses; RCPTS recipients that were named (RCPT TO)",
        "  VERDICT   the worst that one of its connections got",
    ]
}
