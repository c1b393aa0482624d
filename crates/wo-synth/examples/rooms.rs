use std::path::PathBuf;
use wo_synth::*;
fn main() {
    let out = PathBuf::from(std::env::args().nth(1).unwrap());
    let n: u32 = std::env::args().nth(2).unwrap().parse().unwrap();
    let seed: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let specs = plan(&PlanOptions { seed, exercises: Exercise::ALL.to_vec(), n_videos_per_class: n, n_persons: Some(n) });
    for exercise in Exercise::ALL {
        let mut of: Vec<VideoSpec> = specs.iter().filter(|it| it.exercise == exercise).cloned().collect();
        let mut first = of[0].clone();
        first.person.body.height = 1.9;
        let (w, h) = (480, 270);
        let lens = first.lens(w, h);
        for spec in &mut of { spec.scene = first.scene.clone(); spec.camera.azimuth_deg=first.camera.azimuth_deg; spec.camera.elevation_deg=first.camera.elevation_deg; spec.camera.distance_m=first.camera.distance_m; spec.camera.shake = 0.0; }
        let half = of.len() / 2;
        std::thread::scope(|s| { for part in [&of[..half], &of[half..]] { let out=&out; s.spawn(move || for spec in part {
            let dir = out.join(exercise.name()).join(format!("{}_{}", spec.person.id, spec.number));
            std::fs::create_dir_all(&dir).unwrap();
            let r = Renderer::through(spec, lens, w, h);
            let mut k = 0; 
            while (k as f32) / 5.0 < spec.tempo.duration_s { 
                let p = r.picture(k as f32 / 5.0);
                let rgb: Vec<u8> = p.rgba.chunks(4).flat_map(|c| [c[0],c[1],c[2]]).collect();
                let mut bytes = Vec::new();
                jpeg_encoder::Encoder::new(&mut bytes, 85).encode(&rgb, w as u16, h as u16, jpeg_encoder::ColorType::Rgb).unwrap();
                std::fs::write(dir.join(format!("{k:03}.jpg")), bytes).unwrap();
                k += 1;
            }
        }); } });
    }
}
