# shellcheck shell=bash
# Sourced by benchmarks: makes the videos that they run on.

# bench_videos DIR: 1080p30 and 720p H.264 with short and long groups of pictures, HEVC with closed and with open
# ones, and VP9; 20 s each. A moving test picture under noise, at the bitrates that phones and YouTube give.
bench_videos() {
    local dir=$1
    make_video() {
        local set=$1 size=$2 seed=$3
        shift 3
        local file="$dir/$set/$seed.mp4"
        [ -s "$file" ] && return
        mkdir -p "$dir/$set"
        ffmpeg -v error -y -f lavfi -i "testsrc2=size=$size:rate=30:duration=20" \
            -vf "noise=alls=6:allf=t:all_seed=$seed,format=yuv420p" "$@" "$file.part.mp4"
        mv "$file.part.mp4" "$file"
    }
    local seed
    for seed in 1 2 3 4; do
        make_video h264_1080p_short 1920x1080 $seed -c:v libx264 -preset veryfast -b:v 12M -g 30
        make_video h264_1080p_long 1920x1080 $seed -c:v libx264 -preset veryfast -b:v 4M -g 250
        make_video h264_720p_long 1280x720 $seed -c:v libx264 -preset veryfast -b:v 2M -g 150
    done
    for seed in 1 2; do
        make_video hevc_1080p 1920x1080 $seed -c:v libx265 -preset ultrafast -b:v 6M \
            -x265-params log-level=error:keyint=60:open-gop=0 -tag:v hvc1
        make_video hevc_1080p_open 1920x1080 $seed -c:v libx265 -preset ultrafast -b:v 6M \
            -x265-params log-level=error:keyint=60:open-gop=1:bframes=3 -tag:v hvc1
        make_video vp9_720p 1280x720 $seed -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2M -g 128
    done
}
