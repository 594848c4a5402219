package dev.steadfast

/** What a record with these [fields] shows of itself: one line, as of a data class. */
internal fun describe(record: String, vararg fields: Pair<String, Any?>): String =
    oneLine(fields.joinToString(prefix = "$record(", postfix = ")") { (name, value) -> "$name=$value" })

/** The [text] without control characters, which would look like lines of a log's own. */
internal fun oneLine(text: String): String = text.map { if (it.isISOControl()) '\uFFFD' else it }.joinToString("")
