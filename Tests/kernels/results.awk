# Reads the console of a virtual machine, in which Tests/kernels/init ran the
# tests, and prints lines of fields between tabs:
#
#   cell RUNG PASSED/FAILED/SKIPPED   with " !" behind where that is not as it should be
#   note RUNGS TEXT                   an issue, the reason of a skipped test or of a "!"
#
# Every test's own line is counted, and the sum compared with the closing line:
# a line that has got lost is noticed. A test may have printed something without
# a newline before a line, so none is looked for at the beginning.

# What several rungs have in common is said once.
function note(text)
{
	gsub(/\t/, " ", text)
	if (!(text in rungs))
		texts[++notes] = text
	if (!((text, rung) in noted))
		rungs[text] = rungs[text] (rungs[text] ? " " : "") rung
	noted[text, rung] = 1
}

function note_test()
{
	sub(/ after [0-9.]+ seconds/, "")
	note(substr($0, index($0, " Test ") + 1))
}

function finish(why)
{
	if (!why && failed)
		why = failed " failed"
	else if (!why && status)
		why = "exit status " status " after " seconds " seconds"
	else if (!why && passed + failed == 0)
		why = "no test ran"
	else if (!why && total == "")
		why = "no closing line"
	else if (!why && passed + failed + skipped != total)
		why = total " tests, but the outcomes of " passed + failed + skipped
	if (why)
		note(why)
	printf "cell\t%s\t%d/%d/%d%s\n", rung, passed, failed, skipped, why ? " !" : ""
	rung = ""
}

{ gsub(/\r/, "") }

/^mailsnoop-guest: begin / {
	rung = $3
	passed = failed = skipped = 0
	total = ""
	next
}

/^mailsnoop-guest: end / {
	status = $4
	seconds = $5
	finish("")
	next
}

!rung { next }

/(✔|✘|━) Test run with [0-9]+ tests? in [0-9]+ suites? (passed|failed) after / {
	match($0, /Test run with [0-9]+/)
	total = substr($0, RSTART + 14, RLENGTH - 14) + 0
	next
}

/✘ Test .* recorded an issue/ { note_test(); next }
/✘ Test .* failed after [0-9.]+ seconds/ { failed++; next }
/(✔|━) Test .* passed after [0-9.]+ seconds/ { passed++; next }
/➜ Test .* (skipped(\.|:)|was cancelled after)/ { skipped++; note_test(); next }

END {
	if (rung)
		finish("the machine ended in the middle")
	for (i = 1; i <= notes; i++)
		printf "note\t%s\t%s\n", rungs[texts[i]], texts[i]
}
