use std::borrow::Cow;
use std::path::Path;

use crate::error::{Classify, Code};

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedError {
    #[error("line {number} {why}")]
    BadKeys { number: usize, why: &'static str },
    #[error("are in {0}, which is not set in the environment")]
    NoVariable(String),
    #[error(
        "are needed: a database on a server keeps none beside it; name a provider, or set {0} in the environment"
    )]
    NoProvider(&'static str),
    #[error("the file of keys {path} cannot be used: {cause}")]
    File { path: String, cause: String },
    #[error("there is a file of keys already: {0}")]
    FileExists(String),
    #[error("the file of keys {0} is missing, and the database has values that only it opens; put it back")]
    FileMissing(String),
    #[error("do not open a data key of this database, which was wrapped under {by}")]
    WrongKeys { by: String },
    #[error("the provider of keys failed: {0}")]
    Provider(String),
    #[error("stored {column} of {row} is not what was sealed there")]
    Damaged { column: String, row: String },
    #[error("stored {column} of {row} is sealed under data key {key}, which is gone")]
    NoDataKey { column: String, row: String, key: i64 },
}

impl SealedError {
    pub(super) fn file(path: &Path, cause: &std::io::Error) -> Self {
        SealedError::File { path: path.display().to_string(), cause: cause.to_string() }
    }
}

impl Classify for SealedError {
    fn code(&self) -> Code {
        match self {
            SealedError::BadKeys { .. } => Code::SealedBadKeys,
            SealedError::NoVariable(_) | SealedError::NoProvider(_) => Code::SealedNoKeys,
            SealedError::File { .. } => Code::SealedFile,
            SealedError::FileExists(_) => Code::SealedFileExists,
            SealedError::FileMissing(_) => Code::SealedFileMissing,
            SealedError::WrongKeys { .. } => Code::SealedWrongKeys,
            SealedError::Provider(_) => Code::SealedProvider,
            SealedError::Damaged { .. } => Code::SealedDamaged,
            SealedError::NoDataKey { .. } => Code::SealedNoDataKey,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        match self {
            SealedError::BadKeys { .. }
            | SealedError::NoVariable(_)
            | SealedError::NoProvider(_)
            | SealedError::WrongKeys { .. } => Some("keys".into()),
            _ => None,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            SealedError::BadKeys { number, .. } => vec![("line", number.to_string())],
            SealedError::WrongKeys { by } => vec![("wrapped_by", by.clone())],
            SealedError::Damaged { column, row } => vec![("column", column.clone()), ("row", row.clone())],
            SealedError::NoDataKey { column, row, key } => {
                vec![("column", column.clone()), ("row", row.clone()), ("data_key", key.to_string())]
            }
            _ => Vec::new(),
        }
    }
}
