//! What needs no model: help, and input and models that are not there.

use wo_testkit::{Run, stream, tempdir};

use crate::tool;

const CUT: &str = "wo-eval: <stdin>: the stream was cut: the input ended after line 0 (byte 0) without an `end` record\n\
                   hint: the tool before this one stopped early, or a filter dropped the `begin` and `end` lines\n";

#[test]
fn help() {
    let run = tool().arg("--help").run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    // clap leaves blanks at the ends of lines, which editors would take out of the snapshot.
    let text: Vec<&str> = run.stdout.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    Score a model on held-out videos, and judge new ones

    Reads records, or a folder of labelled frames, and judges each video. Only held-out labelled videos
    are scored: a video whose person or source was in the model's training or validation split is
    excluded. The model is never given the exercise. Each metric has a 95 % confidence interval over
    groups, and stands beside two baselines that use no image: the majority label of each exercise, and
    the duration of the video.

    On a terminal, stdout is a table. Otherwise it is records: a verdict for each video, then scores and
    confusion matrices. --table and --json choose one of the two. --output FILE writes the records to a
    file, so `wo-eval --table --output eval.ndjson` gives both.

    Usage: wo-eval [OPTIONS] [INPUT]
           wo-eval <COMMAND>

    Commands:
      compare  Compare two models, or two files of predictions, on the same videos
      help     Print this message or the help of the given subcommand(s)

    Arguments:
      [INPUT]
              Records to read; `-` or nothing is stdin

    Options:
          --data-dir <DIR>
              Read a folder of labelled frames instead, as wo-extract --out writes it

          --predictions <FILE>
              Evaluate a file of `prediction` records from any source, without a model

          --merge <FILE>...
              Merge what runs with --shard wrote into one evaluation, as if one run had judged all;
              needs --model

          --model <MODEL>
              Model to evaluate: a directory or .pt file from wo-train

              [default: models/clip_finetuned_workout.pt]

          --allow-seen
              Also score videos that the model was trained or chosen on, in a separate, marked part

          --audit
              Run the shortcut audit: how well duration, exercise, file, source, image quality,
              background, first frame or the lifter at rest alone predict the label

          --suspects
              List likely label errors, duplicates and outliers; wo-review --suspects reads the output

          --next
              Estimate what more training videos would bring, and which to film next

          --robustness
              Measure accuracy on blurred, compressed, darkened, downscaled and mirrored images, and
              with reworded classes; many times slower

          --slice-by <FIELDS>
              Video fields to slice by, separated by commas [default: exercise, angle, source_id,
              person_id, resolution, lighting, duration]

          --fail-under <TERMS>
              Exit 1 if a condition fails, such as `balanced_accuracy>=0.75, recall.bad_form.low>=0.6,
              ece<=0.1`

          --table
              Write a table to stdout, even if it is not a terminal

          --json
              Write records to stdout, even if it is a terminal

      -o, --output <FILE>
              Write the records to FILE instead of stdout; FILE is complete or unchanged

          --report <FILE>
              Write all results as one HTML page, with the shortcut audit and the suspects

          --contact-sheet <FILE>
              Write an image of videos, frames and verdicts (PNG)

          --contact-videos <N>
              Number of videos on the contact sheet: wrong verdicts first, then a random sample of the
              others

              [default: 24]

          --force-verdict
              Give verdicts even if the model has no abstention threshold, so that nothing bounds how
              many are wrong

          --shard <I/N>
              Take only part I of N, counted from 1: all videos of a person or source are in one part,
              and all parts together are the whole

          --device <DEVICE>
              Where to compute: auto, cpu, cuda or cuda:N

              [default: auto]

          --precision <HOW>
              Precision of the model's matrix products

              Possible values:
              - auto: `tf32` on a GPU that has it (Ampere and later), else `fp32`
              - fp32: 32 bits
              - tf32: 32 bits of which the upper 19 are multiplied; for GPUs of Ampere and later
              - bf16: bfloat16: 16 bits with the range of 32; slow on most CPUs

              [default: auto]

          --seed <S>
              Seed of all random choices: the same seed gives the same result

              [default: 0]

      -j, --threads <N>
              How many threads to use [default: one for each core]

          --captions <FILE>
              Captions table that adds to the built-in one and wins over it [default:
              data/captions.toml, where it lies here]

          --on-error <WHAT>
              What to do at a line that is no record

              Possible values:
              - fail: Stop, so that the output does not look complete
              - skip: Report it, go on, and exit 3 at the end

              [default: fail]

          --max-line <BYTES>
              Longest line to take, in bytes

              [default: 16777216]

      -q, --quiet
              Say nothing on stderr but errors

      -v, --verbose
              Say more on stderr

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      wo-extract data/training_data | wo-describe | wo-eval --model models/clip_finetuned_workout.pt
      wo-extract new_video.mp4 | wo-eval > verdict.ndjson
      wo-extract data/training_data | wo-eval --table --output eval.ndjson --contact-sheet eval.png
      wo-eval --data-dir data/labeled_frames --model models/workout --report report.html
      wo-eval --predictions models/workout/out_of_fold.ndjson --fail-under 'ece<=0.1'
      wo-eval records.ndjson --model models/workout --shard 2/8 --output part-2.ndjson
      wo-eval --model models/workout --merge part-*.ndjson --report report.html

    With --shard no metric is computed: those of a part mean little. --merge computes them over all
    parts, and stops where a part is missing, comes twice, or was judged otherwise than the others.
    ");
}

#[test]
fn help_of_a_comparison() {
    let long = tool().args(["compare", "--help"]).run();
    let text: Vec<&str> = long.stdout.lines().map(str::trim_end).collect();
    assert_eq!((long.status, long.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(text[..12].join("\n"), @r"
    Compare two models, or two files of predictions, on the same videos

    CANDIDATE and CHAMPION are models, or files of `prediction` records. Models judge the videos of
    --data-dir or stdin. A video is rejected if either model was trained or chosen on its group: seen
    videos say nothing about new ones.

    Usage: wo-eval compare [OPTIONS] <CANDIDATE> <CHAMPION>

    Arguments:
      <CANDIDATE>
              Model or predictions file that might replace the champion
    ");
}

#[test]
fn a_wrong_flag_is_a_usage_error() {
    for flags in [
        &["--no-such-flag"][..],
        &["--json", "--table"],
        &["a.ndjson", "--data-dir", "b"],
    ] {
        assert_eq!(tool().args(flags).run().status, 2, "{flags:?}");
    }
}

#[test]
fn empty_input_is_a_cut_stream() {
    assert_eq!(tool().run(), Run::new(6, "", CUT));
}

#[test]
fn a_bad_line_stops_the_run() {
    let message = "wo-eval: <stdin>: line 1 (byte 0): not a record: expected value at column 1\n";
    assert_eq!(tool().stdin("oops\n").run(), Run::new(6, "", message));
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let message = "wo-eval: open the model nowhere/model.pt: No such file or directory (os error 2)\n\
                   hint: train one with wo-train, or give one with --model\n";
    let run = tool()
        .args(["--model", "nowhere/model.pt"])
        .stdin(stream::<&str>(&[]))
        .run();
    assert_eq!(run, Run::new(2, "", message));
}

#[test]
fn a_broken_model_is_an_integrity_error() {
    let folder = tempdir().unwrap();
    let model = folder.path().join("model.pt");
    std::fs::write(&model, "no model").unwrap();
    let run = tool()
        .arg("--model")
        .arg(&model)
        .stdin(stream::<&str>(&[]))
        .run();
    assert_eq!((run.status, run.stdout.as_str()), (6, ""));
    assert!(run.stderr.contains("model.pt"), "{}", run.stderr);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let run = tool().arg("nowhere.ndjson").run();
    assert_eq!(
        run,
        Run::new(
            2,
            "",
            "wo-eval: open nowhere.ndjson: No such file or directory (os error 2)\n"
        )
    );
}
