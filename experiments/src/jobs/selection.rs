//! Which jobs a process takes, and how it keeps them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

/// The flags that cut a run into pieces. None of them changes a result.
#[derive(Debug, Clone, Args)]
pub struct JobArgs {
    /// Only these jobs, counted from 0: `3`, `0-31`, `0,4-7`, or `3/40` for every 40th from 3. They are merged by `--merge`
    #[arg(long, value_name = "JOBS", env = "SLURM_ARRAY_TASK_ID")]
    pub jobs: Option<Selection>,
    /// Train nothing: merge the jobs that are finished, which must be all
    #[arg(long)]
    pub merge: bool,
    /// Print how many jobs there are, and stop
    #[arg(long, conflicts_with = "merge")]
    pub plan: bool,
    /// Seconds between two checkpoints inside a job: what a kill can cost
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub checkpoint: Duration,
    /// Take no locks, where the file system has none: then no two processes may work on the same jobs
    #[arg(long)]
    pub unlocked: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no number of seconds, like 30 or 0.5");
    Duration::try_from_secs_f64(text.parse().map_err(|_| wrong())?).map_err(|_| wrong())
}

/// Some of the jobs 0, 1, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// By number.
    Ranges(Vec<RangeInclusive<usize>>),
    /// Every `of`-th, from `task`: one of so many equal shares.
    Share {
        /// Which share, from 0.
        task: usize,
        /// Of how many.
        of: usize,
    },
}

impl Selection {
    /// The selected ones of `count` jobs, ascending.
    ///
    /// # Errors
    /// If there is no such job. (A share may be empty: there are fewer jobs than shares.)
    pub fn of(&self, count: usize) -> Result<Vec<usize>> {
        match self {
            Self::Share { task, of } => Ok((*task..count).step_by(*of).collect()),
            Self::Ranges(ranges) => {
                let beyond = ranges.iter().map(|range| *range.end()).find(|&last| last >= count);
                ensure!(
                    beyond.is_none(),
                    "--jobs {self}: this run has {count} jobs, counted from 0, and none with the number {}",
                    beyond.unwrap_or_default()
                );
                Ok((0..count).filter(|job| ranges.iter().any(|range| range.contains(job))).collect())
            }
        }
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` selects no jobs: write 3, 0-31, 0,4-7, or 3/40 for every 40th from 3");
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
        if let Some((task, of)) = text.split_once('/') {
            let (task, of) = (number(task)?, number(of)?);
            return if task < of { Ok(Self::Share { task, of }) } else { Err(wrong()) };
        }
        let ranges = text.split(',').map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first <= last { Ok(first..=last) } else { Err(wrong()) }
        });
        ranges.collect::<Result<_, _>>().map(Self::Ranges)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share { task, of } => write!(f, "{task}/{of}"),
            Self::Ranges(ranges) => {
                let parts = ranges.iter().map(|range| match (range.start(), range.end()) {
                    (first, last) if first == last => first.to_string(),
                    (first, last) => format!("{first}-{last}"),
                });
                f.write_str(&parts.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Numbers, ascending, as `--jobs` takes them: 0,4-7.
pub fn listed(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        _ => run.iter().map(ToString::to_string).collect(),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_named_by_number_range_and_share() {
        let of = |text: &str| text.parse::<Selection>().unwrap().of(10).unwrap();
        assert_eq!(of("3"), [3]);
        assert_eq!(of("0,4-6, 9"), [0, 4, 5, 6, 9]);
        assert_eq!(of("1/4"), [1, 5, 9]);
        assert!(of("11/12").is_empty());
        let shares: Vec<usize> = (0..3).flat_map(|task| of(&format!("{task}/3"))).collect();
        assert_eq!(shares.len(), 10);
        assert_eq!("0,4-6".parse::<Selection>().unwrap().to_string(), "0,4-6");
        for wrong in ["", "a", "3-1", "4/4", "0/0", "-3", "1,,2", "99999999999999999999"] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
        let beyond = "8-12".parse::<Selection>().unwrap().of(10).unwrap_err().to_string();
        assert!(beyond.contains("10 jobs") && beyond.contains("12"), "{beyond}");
        // Ranges are never written out.
        assert!("0-99999999999999".parse::<Selection>().unwrap().of(10).is_err());
    }
}
