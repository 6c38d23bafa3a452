#!/bin/busybox sh
# The first program of a guest: makes its root from this machine's own `/` (read-only, over 9p) and hands over to guest_agent.sh.
# It keeps nothing: what the guest writes is memory, but for the lab's folder, which is shared and writable.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do
    $b insmod "/modules/$module"
done </modules/order
for word in $($b cat /proc/cmdline); do
    case $word in
    lab.share=*) share=${word#*=} ;;
    lab.modules=*) modules=${word#*=} ;;
    lab.commands=*) commands=${word#*=} ;;
    lab.agent=*) agent=${word#*=} ;;
    lab.name=*) name=${word#*=} ;;
    esac
done

options=trans=virtio,version=9p2000.L,msize=262144
$b mount -t 9p -o $options,ro,cache=loose machine /lower || echo "guest: the machine's root cannot be mounted"
$b mount -t tmpfs tmpfs /upper
$b mkdir /upper/changes /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/changes,workdir=/upper/work overlay /root || echo "guest: no overlay"
# What belongs to the running machine is the guest's own.
for folder in run dev/shm; do
    $b mkdir -p /root/$folder
    $b mount -t tmpfs tmpfs /root/$folder
done
$b mkdir -p "/root$share" /root/usr/lib/modules
$b mount -t 9p -o $options,cache=none lab "/root$share" || echo "guest: the lab's folder cannot be mounted"
$b mount -o bind "/lower$modules" /root/usr/lib/modules || echo "guest: no modules"
for folder in proc sys dev; do
    $b mount -o move /$folder /root/$folder
done
$b ln -sf /proc/self/fd /root/dev/fd
$b mkdir -p /root/dev/shm /root/dev/pts
$b hostname "$name"
exec $b switch_root /root /bin/sh "$agent" "$commands"
