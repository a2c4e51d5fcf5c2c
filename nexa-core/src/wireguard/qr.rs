use std::fmt;

use qrcode::render::{svg, unicode::Dense1x2};
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode as Modules};

use crate::error::{Classify, Code, Result};
use crate::secret::Secret;

/// A profile's text as a QR code, as the WireGuard apps scan it. It holds the private key, so its pictures are secrets.
pub struct QrCode(Modules);

/// Which way round a QR code is drawn on a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum TerminalTheme {
    /// The terminal writes light on dark: light modules are drawn.
    #[default]
    LightOnDark,
    /// The terminal writes dark on light: dark modules are drawn.
    DarkOnLight,
}

impl QrCode {
    /// The most bytes a QR code holds: version 40 at the lowest error correction (ISO/IEC 18004).
    pub const CAPACITY: usize = 2_953;

    /// Encodes a profile's text, at the lowest error correction: a screen has no scratches, and large modules scan best.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a text longer than [`CAPACITY`](QrCode::CAPACITY) bytes.
    pub fn new(text: &Secret<String>) -> Result<Self> {
        let code = Modules::with_error_correction_level(text.expose(), EcLevel::L);
        Ok(QrCode(code.map_err(|cause| NotEncoded::of(cause, text.expose().len()))?))
    }

    /// As an SVG picture, dark on white with its quiet zone.
    #[must_use]
    pub fn to_svg(&self) -> Secret<String> {
        Secret::new(self.0.render::<svg::Color<'_>>().min_dimensions(256, 256).build())
    }

    /// As lines of half blocks with its quiet zone, two modules to a character; every line ends in a line feed.
    #[must_use]
    pub fn to_terminal(&self, theme: TerminalTheme) -> Secret<String> {
        let (dark, light) = match theme {
            TerminalTheme::LightOnDark => (Dense1x2::Light, Dense1x2::Dark),
            TerminalTheme::DarkOnLight => (Dense1x2::Dark, Dense1x2::Light),
        };
        let mut renderer = self.0.render::<Dense1x2>();
        let mut text = renderer.dark_color(dark).light_color(light).module_dimensions(1, 1).build();
        text.push('\n');
        Secret::new(text)
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QrCode([redacted])")
    }
}

#[derive(Debug, thiserror::Error)]
enum NotEncoded {
    #[error("is {length} bytes, and a QR code holds {}; fewer prefixes make it shorter", QrCode::CAPACITY)]
    TooLong { length: usize },
    #[error("cannot be a QR code")]
    Other(#[source] QrError),
}

impl NotEncoded {
    fn of(cause: QrError, length: usize) -> Self {
        match cause {
            QrError::DataTooLong => NotEncoded::TooLong { length },
            other => NotEncoded::Other(other),
        }
    }
}

impl Classify for NotEncoded {
    fn code(&self) -> Code {
        match self {
            NotEncoded::TooLong { .. } => Code::QrTooLong,
            NotEncoded::Other(_) => Code::QrFailed,
        }
    }

    fn field(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some("text".into())
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            NotEncoded::TooLong { length } => {
                vec![("len", length.to_string()), ("max", QrCode::CAPACITY.to_string())]
            }
            NotEncoded::Other(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::tests::{private_key, profile};
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_profile_is_drawn_in_half_blocks_with_a_quiet_zone_of_four_modules() {
        let code = QrCode::new(&profile().render(Some(&private_key())).unwrap()).unwrap();
        let dark_on_light = code.to_terminal(TerminalTheme::DarkOnLight);
        let rows: Vec<&str> = dark_on_light.expose().lines().collect();
        let width = code.0.width() + 8;
        assert_eq!(rows.len(), width.div_ceil(2));
        assert!(rows.iter().all(|row| row.chars().count() == width));
        assert!(rows.iter().all(|row| row.starts_with("    ") && row.ends_with("    ")));
        assert!(rows[..2].iter().chain(&rows[rows.len() - 2..]).all(|row| row.trim().is_empty()));
        let light_on_dark = code.to_terminal(TerminalTheme::LightOnDark);
        assert!(light_on_dark.expose().starts_with(&"█".repeat(width)));
    }

    #[test]
    fn a_small_code_looks_like_this() {
        let code = QrCode::new(&Secret::from("nexa")).unwrap();
        insta::assert_snapshot!(code.to_terminal(TerminalTheme::LightOnDark).expose(), @r"
        █████████████████████████████
        █████████████████████████████
        ████ ▄▄▄▄▄ ███▄█ █ ▄▄▄▄▄ ████
        ████ █   █ █▄█▄█▀█ █   █ ████
        ████ █▄▄▄█ ██ ▀ ▄█ █▄▄▄█ ████
        ████▄▄▄▄▄▄▄█ █ █▄█▄▄▄▄▄▄▄████
        ████ ▄ ▀ ▄▄▄ ▀▄▀▄ ▄▀██▄▀▀████
        █████▀██▄▀▄▀  █ ▀ ▄ ▀▄▄  ████
        █████▄█▄██▄▄▀█ ▄█▄ ▄█ ▀ ▀████
        ████ ▄▄▄▄▄ █  ██▄█▀█▄█▄ ▄████
        ████ █   █ █▄▀▄▀▄▀▄▀▄▀█ ▄████
        ████ █▄▄▄█ █    ▀ ▄ ▀ ▄▀▄████
        ████▄▄▄▄▄▄▄█▄▄▄▄█▄▄▄██▄▄▄████
        █████████████████████████████
        ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
        ");
    }

    #[test]
    fn a_picture_has_a_module_for_each_module() {
        let code = QrCode::new(&Secret::from("nexa")).unwrap();
        let svg = code.to_svg();
        // 21 modules and twice 4 of quiet zone, 9 pixels each: the first multiple past 256.
        assert!(svg.expose().contains(r#"width="261" height="261" viewBox="0 0 261 261""#));
        assert!(svg.expose().contains(r##"fill="#fff"/>"##) && svg.expose().ends_with("</svg>"));
    }

    #[test]
    fn a_text_past_the_capacity_is_refused_and_one_at_it_is_not() {
        QrCode::new(&Secret::new("é".repeat(QrCode::CAPACITY / 2) + "x")).unwrap();
        let error = QrCode::new(&Secret::new("é".repeat(QrCode::CAPACITY / 2 + 1))).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("text")));
        assert!(error.to_string().contains("2954 bytes"), "{error}");
    }

    #[test]
    fn a_code_does_not_print() {
        let code = QrCode::new(&Secret::from("nexa")).unwrap();
        assert_eq!(format!("{code:?} {:?}", code.to_svg()), "QrCode([redacted]) [redacted]");
    }
}
