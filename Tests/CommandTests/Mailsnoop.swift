import TestSupport

/// Runs the program to its end; `user` runs it without any capability.
func mailsnoop(_ arguments: String..., user: String? = nil) throws -> Child.Result {
    let command = user.map { ["setpriv", "--reuid", $0, "--clear-groups", Repository.mailsnoop] }
    return try Child((command ?? [Repository.mailsnoop]) + arguments).end()
}
