//! What is changed in the generated code of the core's types: the generator has no setting for it.
//!
//! - Numbers become the language's own: `Int` for Rust's `u32`, `u16` and `u8`. What is negative, or
//!   too large, crosses as a number that no setting allows, so that Rust refuses it with its path.
//! - In Swift, an app sees the types that it needs, and not what they cross by.
//! - Records show no secrets when they are printed.

mod access;
mod secrets;

use anyhow::{Context, Result};

/// Kotlin's types as an app sees them.
pub(crate) fn kotlin(code: &str) -> Result<String> {
    let mut code = code.to_owned();
    for (unsigned, stored, bytes, method, lift, lower) in [
        (
            "UByte",
            "Byte",
            1,
            "",
            "value.toInt() and 0xFF",
            "(if (value in 0..0xFF) value else 0xFF).toByte()",
        ),
        (
            "UShort",
            "Short",
            2,
            "Short",
            "value.toInt() and 0xFFFF",
            "(if (value in 0..0xFFFF) value else 0xFFFF).toShort()",
        ),
        ("UInt", "Int", 4, "Int", "if (value < 0) Int.MAX_VALUE else value", "value"),
    ] {
        let converter = format!(
            "public object FfiConverter{unsigned}: FfiConverter<Int, {stored}> {{
    override fun lift(value: {stored}): Int = {lift}

    override fun read(buf: ByteBuffer): Int = lift(buf.get{method}())

    override fun lower(value: Int): {stored} = {lower}

    override fun allocationSize(value: Int) = {bytes}UL

    override fun write(value: Int, buf: ByteBuffer) {{
        buf.put{method}(lower(value))
    }}
}}"
        );
        let head =
            format!("public object FfiConverter{unsigned}: FfiConverter<{unsigned}, {stored}> {{");
        code = replace_block(&code, &head, &converter)?;
        code = signed_defaults(&code, &format!("kotlin.{unsigned} = "));
        code = code.replace(&format!("kotlin.{unsigned}"), "kotlin.Int");
    }
    secrets::kotlin(&code)
}

/// Swift's types as an app sees them.
pub(crate) fn swift(code: &str) -> Result<String> {
    let mut code = secrets::swift(code)?;
    // Rust reads the bits of a negative number as one that is too large.
    for (bits, lower) in [
        (8, "UInt8(exactly: value) ?? .max"),
        (16, "UInt16(exactly: value) ?? .max"),
        (32, "UInt32(bitPattern: Int32(clamping: value))"),
    ] {
        let head = format!("fileprivate struct FfiConverterUInt{bits}: FfiConverterPrimitive {{");
        code = replace_block(&code, &head, PLACEHOLDER)?;
        code = match bits {
            // All others are bytes.
            8 => code.replace("(UInt8\n", "(Int\n"),
            _ => replace_word(&code, &format!("UInt{bits}"), "Int"),
        };
        let converter = format!(
            "fileprivate struct FfiConverterUInt{bits}: FfiConverter {{
    typealias FfiType = UInt{bits}
    typealias SwiftType = Int

    static func lift(_ value: UInt{bits}) throws -> Int {{
        return Int(clamping: value)
    }}

    static func lower(_ value: Int) -> UInt{bits} {{
        return {lower}
    }}

    static func read(from buf: inout (data: Data, offset: Data.Index)) throws -> Int {{
        return try lift(readInt(&buf))
    }}

    static func write(_ value: Int, into buf: inout [UInt8]) {{
        writeInt(&buf, lower(value))
    }}
}}"
        );
        code = code.replace(PLACEHOLDER, &converter);
    }
    Ok(access::types(&code))
}

/// What Swift calls Rust by.
pub(crate) fn swift_core(code: &str) -> Result<String> {
    access::core(code)
}

/// Stands for a converter while the words around it are replaced.
const PLACEHOLDER: &str = "<converter>";

/// Replaces a declaration from its `head` to the bracket that closes it in the first column.
fn replace_block(code: &str, head: &str, new: &str) -> Result<String> {
    let missing = || {
        format!("UniFFI generates no `{head}` any more: change crates/generate/src/foreign/face.rs")
    };
    let start = code.find(head).with_context(missing)?;
    let length = code[start..].find("\n}").with_context(missing)? + 2;
    Ok(format!("{}{new}{}", &code[..start], &code[start + length..]))
}

/// Takes the `u` from each number after `head`.
fn signed_defaults(code: &str, head: &str) -> String {
    let mut parts = code.split(head);
    let mut signed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        signed += head;
        signed += number;
        signed += rest.strip_prefix('u').unwrap_or(rest);
    }
    signed
}

/// Replaces `word` where it is no part of a longer one.
fn replace_word(code: &str, word: &str, new: &str) -> String {
    let is_part =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut replaced = String::with_capacity(code.len());
    let mut done = 0;
    for (start, _) in code.match_indices(word) {
        let end = start + word.len();
        let bytes = code.as_bytes();
        if !is_part(start.checked_sub(1).and_then(|before| bytes.get(before)))
            && !is_part(bytes.get(end))
        {
            replaced += &code[done..start];
            replaced += new;
            done = end;
        }
    }
    replaced + &code[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_replaced_where_it_stands_alone() {
        assert_eq!(
            replace_word("a: UInt32?, OptionUInt32, [UInt32]", "UInt32", "Int"),
            "a: Int?, OptionUInt32, [Int]"
        );
    }

    #[test]
    fn a_declaration_ends_with_its_bracket() {
        let code = "a\nobject A {\n    {\n    }\n}\nb";
        assert_eq!(replace_block(code, "object A {", "A").unwrap(), "a\nA\nb");
        assert!(replace_block(code, "object B {", "B").is_err());
    }

    #[test]
    fn defaults_lose_their_sign_of_the_unsigned() {
        assert_eq!(
            signed_defaults("a: kotlin.UInt = 10u , 1u", "kotlin.UInt = "),
            "a: kotlin.UInt = 10 , 1u"
        );
    }
}
