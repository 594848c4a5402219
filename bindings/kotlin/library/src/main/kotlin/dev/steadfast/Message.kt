package dev.steadfast

import okio.ByteString
import okio.ByteString.Companion.toByteString
import okio.utf8Size

/** A message over a [SteadfastSocket]. Printed, it shows how long it is, and not what it says. */
public sealed interface Message {
    /** A text. */
    public data class Text(public val text: String) : Message {
        override fun toString(): String = "Text(${text.length} characters)"
    }

    /** Bytes. */
    public data class Binary(public val bytes: ByteString) : Message {
        /** A copy of these [bytes]. */
        public constructor(bytes: ByteArray) : this(bytes.toByteString())

        override fun toString(): String = "Binary(${bytes.size} bytes)"
    }
}

/** How many bytes it has on its way. */
internal val Message.byteCount: Long
    get() = when (this) {
        is Message.Text -> text.utf8Size()
        is Message.Binary -> bytes.size.toLong()
    }
