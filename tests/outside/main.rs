//! Tests that need something from outside of this repository: real corpora, values of other toolkits from them, the right
//! to mount a disk. None passes without it: see `need.rs`. The tests are plain functions. The list below is all that
//! runs, and the compiler reports a function that is not in it.

#![allow(clippy::disallowed_methods, reason = "tests stand outside the rooms")]

#[path = "../golden/mod.rs"]
mod golden;
#[allow(dead_code, reason = "the other binary uses the rest")]
#[path = "../util/mod.rs"]
mod util;

mod audio;
mod corpus;
mod disk;
mod emobox;
mod init;
mod missing;
mod need;
mod opensmile_golden;
mod real_speech;

use libtest_mimic::Arguments;

use need::trial;

macro_rules! trials {
    ($($module:ident::$test:ident,)*) => {
        vec![$(trial(concat!(stringify!($module), "::", stringify!($test)), $module::$test)),*]
    };
}

fn main() {
    let trials = trials![
        audio::the_48_khz_originals_resample_to_their_16_khz_copies,
        corpus::both_corpora_share_a_table,
        corpus::emodb_has_its_published_counts,
        corpus::ravdess_has_its_published_counts,
        disk::a_full_disk_is_exit_4_with_the_remedy,
        emobox::every_fold_is_the_published_one,
        emobox::every_name_is_read_as_it_is_there,
        golden::energy_and_spectral_shape_match_librosa,
        golden::log_mel_bands_match_librosa,
        golden::mel_energies_are_the_powers_that_librosa_takes_the_logarithm_of,
        golden::mfcc_and_bands_match_kaldi,
        golden::mfcc_and_deltas_match_librosa,
        golden::mfcc_match_python_speech_features,
        golden::pitch_agrees_with_praat,
        golden::voice_quality_ranks_recordings_as_praat_does,
        init::files_for_real_corpora_run_as_they_are_written,
        missing::a_missing_folder_ignores_its_tests_and_fails_them_in_ci,
        missing::the_variable_of_a_folder_wins_over_that_of_both,
        opensmile_golden::functionals_rank_recordings_as_opensmile_does,
        real_speech::a_random_split_of_ravdess_is_scored_and_warned_about,
        real_speech::real_speech_from_a_bucket_is_real_speech_from_disk,
        real_speech::segments_of_a_manifest_are_rows_of_their_own,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
