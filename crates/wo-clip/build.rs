//! Compiles the C++ beside it, and lets the tests of this crate find libtorch without an environment variable.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cpp");
    // torch-sys says where it found the library; absent in a doc-only build, which compiles and links nothing.
    let Ok(directory) = std::env::var("DEP_TCH_LIBTORCH_LIB") else {
        return;
    };
    compile(Path::new(&directory));
    let library = Path::new(&directory).join("libtorch_cpu.so");
    // The directory holds links; the real file has its own run path to the libraries beside it.
    let Ok(library) = library.canonicalize() else {
        return;
    };
    if let Some(directory) = library.parent() {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", directory.display());
    }
}

/// Compiles against the headers that torch-sys was compiled with, told apart by the same variables.
fn compile(libraries: &Path) {
    for name in ["LIBTORCH_INCLUDE", "LIBTORCH_CXX11_ABI"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let root = std::env::var("LIBTORCH_INCLUDE")
        .map_or_else(|_| libraries.join(".."), std::path::PathBuf::from);
    let abi = std::env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .warnings(false)
        .include(root.join("include"))
        .include(root.join("include/torch/csrc/api/include"))
        .flag("-std=c++17")
        .flag(format!("-D_GLIBCXX_USE_CXX11_ABI={abi}"))
        .flag("-DGLOG_USE_GLOG_EXPORT");
    // Names c10d's classes, and stands in for the headers of Gloo, which the wheel lacks.
    build
        .clone()
        .include("cpp/gloo_declarations")
        .flag("-DUSE_C10D_GLOO")
        .flag("-DUSE_DISTRIBUTED")
        .file("cpp/group.cpp")
        .compile("wo_group");
    build
        .files([
            "cpp/cuda_step.cpp",
            "cpp/linear.cpp",
            "cpp/native.cpp",
            "cpp/quick_gelu.cpp",
        ])
        // Loops over whole tensors, which tests run as well; nobody asks for the traps that forbid vectors.
        .opt_level(3)
        .flag("-fno-trapping-math")
        .compile("wo_native");
}
