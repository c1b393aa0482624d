//! Lets this tool find libtorch without an environment variable.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // torch-sys says where it found the library; absent in a doc-only build, which links nothing.
    let Ok(directory) = std::env::var("DEP_TCH_LIBTORCH_LIB") else {
        return;
    };
    let library = std::path::Path::new(&directory).join("libtorch_cpu.so");
    // The directory holds links; the real file has its own run path to the libraries beside it.
    let Ok(library) = library.canonicalize() else {
        return;
    };
    if let Some(directory) = library.parent() {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", directory.display());
    }
}
