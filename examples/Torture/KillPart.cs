using System.Globalization;
using AnalogTorch.Core;

namespace AnalogTorch.Examples.Torture;

/// <summary>Kills trainings at random moments: no checkpoint may be lost or half-written, and each must go on as if nothing had happened.</summary>
internal sealed class KillPart : TorturePart
{
    private const int Steps = 60;

    public override string Name => "kills";

    public override string Counts => "SIGKILLs";

    public override (int Small, int Long) Amount => (3, 240);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        if (OperatingSystem.IsWindows())
            yield break; // there is no SIGKILL
        var places = run.SmallDisk is null ? [("disk", run.Folder)] : new[] { ("disk", run.Folder), ("full disk", run.SmallDisk) };
        var shares = TortureNet.Ways.SelectMany(way => places.Select(place => (Way: way, Place: place))).ToArray();
        for (var i = 0; i < shares.Length; i++)
        {
            var (way, (what, folder)) = shares[i];
            var kills = run.Amount / shares.Length + (i < run.Amount % shares.Length ? 1 : 0);
            if (kills > 0)
                yield return Kill(run, way, what, folder, kills);
        }
    }

    private static TortureRow Kill(TortureRun run, string way, string what, string folder, int kills)
    {
        var expected = Reference(run, way);
        var (path, failures) = (Path.Combine(folder, $"{way}.ckpt"), new List<string>());
        var ballast = Path.Combine(folder, "ballast");
        var dice = Rng.FromSeed(run.Seed).Split(way).Split(what);
        var (unsaved, last, begun) = (0L, 0L, 0);
        File.Delete(path);
        for (var round = 0; round < kills; round++)
        {
            run.Cancel.ThrowIfCancellationRequested();
            if (what == "full disk" && File.Exists(path))
                Fill(ballast, folder, leave: (long)(dice.Split("room").Split(round).Key % (ulong)(3 * new FileInfo(path).Length)));
            using var child = TortureProcess.Start("kills", way, path, Steps.ToString(CultureInfo.InvariantCulture));
            var (isKilled, spoken) = (false, last);
            Timer? timer = null;
            while (child.StandardOutput.ReadLine() is { } line)
            {
                // From the first word on, so that most kills come while it trains and saves.
                timer ??= new Timer(_ => { isKilled = true; TortureProcess.Kill(child); }, null, (long)(dice.Split("time").Split(round).Key % 900), Timeout.Infinite);
                if (line.Split(' ') is not [var kind, var number, { Length: 64 } digest] || !long.TryParse(number, CultureInfo.InvariantCulture, out var step))
                    continue; // cut by the kill
                if (expected[step] != digest)
                    failures.Add($"{way}, {what}, kill {round}: {line} but the training that was never killed came to {expected[step]}");
                if (kind == KillTraining.Resumed && step < last)
                    failures.Add($"{way}, {what}, kill {round}: step {last} was saved, but the checkpoint is of step {step}");
                unsaved += kind == KillTraining.Unsaved ? 1 : 0;
                begun += kind == KillTraining.Resumed ? 1 : 0;
                spoken = kind == KillTraining.Unsaved ? spoken : step;
            }
            child.WaitForExit();
            timer?.Dispose();
            last = spoken;
            if (!isKilled && child.ExitCode != 0)
                failures.Add($"{way}, {what}, kill {round}: ended with code {child.ExitCode}: {TortureProcess.ErrorOf(child)}");
            if (last == Steps || !isKilled)
            {
                File.Delete(path);
                last = 0;
            }
            File.Delete(ballast);
        }
        run.Keep($"kills-{way}-{what}", failures);
        return new($"{way}, {what}", kills, failures, [("resumed", begun), ("saves that found the disk full", unsaved)]);
    }

    /// <summary>What the training comes to, step by step, if nobody kills it.</summary>
    private static string[] Reference(TortureRun run, string way)
    {
        using var child = TortureProcess.Start("kills", way, "", Steps.ToString(CultureInfo.InvariantCulture));
        var digests = new string[Steps + 1];
        while (child.StandardOutput.ReadLine() is { } line)
        {
            run.Cancel.ThrowIfCancellationRequested();
            var words = line.Split(' ');
            digests[long.Parse(words[1], CultureInfo.InvariantCulture)] = words[2];
        }
        child.WaitForExit();
        return child.ExitCode == 0 ? digests : throw new IOException($"The training of {way} ended with code {child.ExitCode}: {TortureProcess.ErrorOf(child)}.");
    }

    /// <summary>Leaves so many bytes of a small disk.</summary>
    private static void Fill(string ballast, string folder, long leave)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free <= leave)
            return;
        using var file = File.Create(ballast);
        var block = new byte[4096];
        try
        {
            for (var left = free - leave; left > 0; left -= block.Length)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full, which is what it is for.
        }
    }
}
