package dev.steadfast

/**
 * A config, or endpoints, were refused; nothing has changed.
 *
 * @property problems everything that is wrong, each with its place and what is allowed there.
 */
public class ConfigException internal constructor(public val problems: List<Problem>) :
    IllegalArgumentException(problems.joinToString(prefix = "invalid config", separator = "") { "\n  ${it.path}: ${it.message}" })

/** Does [work], and tells of what it refuses by a [ConfigException]. */
internal inline fun <T> refusing(work: () -> T): T =
    try {
        work()
    } catch (refused: dev.steadfast.ffi.ConfigException.Invalid) {
        throw ConfigException(refused.problems)
    }
