//! The time that a process used a processor.

use std::error::Error;
use std::fs;

/// Linux reports it in hundredths of a second, on every machine (`man 5 proc_pid_stat`, USER_HZ).
const TICKS_A_SECOND: f64 = 100.0;

/// Seconds of the process of this id, or of `self`: user and system time, of all its threads.
pub(crate) fn seconds_of(process: &str) -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name, which may have anything in it, `utime` and `stime` are the 12th and 13th.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u32>);
    let (user, system) = ticks.next().zip(ticks.next()).ok_or("no times")?;
    Ok(f64::from(user? + system?) / TICKS_A_SECOND)
}
