//! The process; everything else is in the library.

fn main() {
    std::process::exit(datacrowd_inference::run(std::env::args_os()));
}
