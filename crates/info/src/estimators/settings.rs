//! The grammar in which users write an estimator: `name:key=value,key=value`.

use std::collections::BTreeMap;
use std::str::FromStr;

use thiserror::Error;

/// A larger count is a slip of the hand.
const MOST_COUNT: usize = 100_000_000;

/// What is wrong with the way an estimator was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A name that is not in the list.
    #[error("there is no estimator `{name}`{}; the choices are {choices}", meant.map_or_else(String::new, |meant| format!(", did you mean `{meant}`?")))]
    UnknownName {
        /// The name given.
        name: String,
        /// The one that is spelt nearly so.
        meant: Option<&'static str>,
        /// Those that exist.
        choices: String,
    },
    /// Text between commas that is not `key=value`.
    #[error("`{part}` in the estimator `{text}` is not key=value")]
    NotKeyValue {
        /// The whole text.
        text: String,
        /// The part of it.
        part: String,
    },
    /// A key the estimator does not have.
    #[error("the estimator `{name}` has no key `{key}`; its keys are {choices}")]
    UnknownKey {
        /// The estimator.
        name: String,
        /// The key given.
        key: String,
        /// The keys it has.
        choices: String,
    },
    /// A key that must be given.
    #[error("the estimator `{name}` needs {what}")]
    Missing {
        /// The estimator.
        name: String,
        /// What must be given.
        what: String,
    },
    /// A value that cannot be.
    #[error("{key}={value} in the estimator `{name}`: {reason}")]
    Value {
        /// The estimator.
        name: String,
        /// The key.
        key: String,
        /// The value given.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The keys of one estimator, taken one by one; what is left over at the end is an error.
#[derive(Debug)]
pub struct Settings {
    name: String,
    given: BTreeMap<String, String>,
    known: Vec<&'static str>,
}

impl Settings {
    /// Splits `name:key=value,…`.
    ///
    /// # Errors
    /// If a part is not `key=value`, or a key comes twice.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut settings = Self { name: name.trim().to_owned(), given: BTreeMap::new(), known: Vec::new() };
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| SettingError::NotKeyValue { text: text.to_owned(), part: part.to_owned() })?;
            if settings.given.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
                return Err(settings.value_error(key, value, "the key is given twice"));
            }
        }
        Ok(settings)
    }

    /// The estimator's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a key's value, if it was given.
    ///
    /// # Errors
    /// If the value is not of the type asked for.
    pub fn take<T: FromStr>(&mut self, key: &'static str) -> Result<Option<T>, SettingError> {
        self.known.push(key);
        let Some(value) = self.given.remove(key) else { return Ok(None) };
        match value.parse() {
            Ok(parsed) => Ok(Some(parsed)),
            Err(_) => Err(self.value_error(key, &value, &format!("not a valid {}", short_type_name::<T>()))),
        }
    }

    /// Takes a finite number above 0, if it was given.
    ///
    /// # Errors
    /// If the value is no such number.
    pub fn take_positive(&mut self, key: &'static str) -> Result<Option<f64>, SettingError> {
        match self.take::<f64>(key)? {
            Some(value) if !(value.is_finite() && value > 0.0) => {
                Err(self.value_error(key, &value.to_string(), "must be a finite number above 0"))
            }
            // Its square, or its inverse, would not be a number any more.
            Some(value) if !(1e-100..=1e100).contains(&value) => {
                Err(self.value_error(key, &format!("{value:e}"), "must lie between 1e-100 and 1e100"))
            }
            value => Ok(value),
        }
    }

    /// Takes `true` or `false`, if it was given.
    ///
    /// # Errors
    /// If the value is neither.
    pub fn take_switch(&mut self, key: &'static str) -> Result<Option<bool>, SettingError> {
        match self.take::<String>(key)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.value_error(key, other, "the choices are true, false")),
        }
    }

    /// Takes a number from 0 to 1, if it was given.
    ///
    /// # Errors
    /// If the value is no such number.
    pub fn take_share(&mut self, key: &'static str) -> Result<Option<f64>, SettingError> {
        match self.take::<f64>(key)? {
            Some(value) if !(0.0..=1.0).contains(&value) => {
                Err(self.value_error(key, &value.to_string(), "must lie between 0 and 1"))
            }
            value => Ok(value),
        }
    }

    /// Takes a whole number of at least `least`, if it was given.
    ///
    /// # Errors
    /// If the value is no such number.
    pub fn take_count(&mut self, key: &'static str, least: usize) -> Result<Option<usize>, SettingError> {
        match self.take::<usize>(key)? {
            Some(value) if value < least => {
                Err(self.value_error(key, &value.to_string(), &format!("must be at least {least}")))
            }
            Some(value) if value > MOST_COUNT => {
                Err(self.value_error(key, &value.to_string(), &format!("must be at most {MOST_COUNT}")))
            }
            value => Ok(value),
        }
    }

    /// Takes a key if it has exactly this value.
    pub fn take_if(&mut self, key: &'static str, value: &str) -> bool {
        let is = self.given.get(key).is_some_and(|given| given == value);
        if is {
            self.given.remove(key);
            self.known.push(key);
        }
        is
    }

    /// Takes a range `low..high` of finite numbers, if it was given.
    ///
    /// # Errors
    /// If the value is no range, or empty.
    pub fn take_range(&mut self, key: &'static str) -> Result<Option<(f64, f64)>, SettingError> {
        let Some(text) = self.take::<String>(key)? else { return Ok(None) };
        // A third dot is a slip of the hand, and no decimal point.
        let ends = text
            .split_once("..")
            .filter(|(_, high)| !high.starts_with('.'))
            .and_then(|(low, high)| Some((low.parse::<f64>().ok()?, high.parse::<f64>().ok()?)));
        match ends {
            Some((low, high)) if low.is_finite() && high.is_finite() && low < high => Ok(Some((low, high))),
            _ => Err(self.value_error(key, &text, "must be low..high with low below high, like -1..1")),
        }
    }

    /// The error for a key that must be given.
    pub fn missing(&self, what: &str) -> SettingError {
        SettingError::Missing { name: self.name.clone(), what: what.to_owned() }
    }

    /// The error for a value that cannot be.
    pub fn value_error(&self, key: &str, value: &str, reason: &str) -> SettingError {
        SettingError::Value {
            name: self.name.clone(),
            key: key.to_owned(),
            value: value.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// The error for a name that is not in the list.
    pub fn unknown_name(&self, names: &[&'static str]) -> SettingError {
        let slips = |name: &str| strsim::damerau_levenshtein(name, &self.name);
        let meant =
            names.iter().copied().min_by_key(|name| slips(name)).filter(|name| slips(name) <= 1 + name.len() / 5);
        SettingError::UnknownName { name: self.name.clone(), meant, choices: names.join(", ") }
    }

    /// Checks that nothing was left over.
    ///
    /// # Errors
    /// If a key was given that nobody took.
    pub fn finish(self) -> Result<(), SettingError> {
        match self.given.into_keys().next() {
            None => Ok(()),
            Some(key) => {
                let choices = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
                Err(SettingError::UnknownKey { name: self.name, key, choices })
            }
        }
    }
}

fn short_type_name<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "usize" | "u32" | "u64" => "whole number",
        "f64" | "f32" => "number",
        _ => "value",
    }
}
