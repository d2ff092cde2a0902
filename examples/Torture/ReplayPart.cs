namespace AnalogTorch.Examples.Torture;

/// <summary>The same training in many processes: each must come to the same bits.</summary>
internal sealed class ReplayPart : TorturePart
{
    public override string Name => "replay";

    public override string Counts => "processes";

    public override (int Small, int Long) Amount => (3, 60);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        foreach (var way in TortureNet.Ways)
        {
            var (each, digests) = (Math.Max(run.Amount / TortureNet.Ways.Length, 2), new List<string>());
            for (var i = 0; i < each; i++)
            {
                var (lines, failure) = TortureProcess.Run(TimeSpan.FromMinutes(5), run.Cancel, "kills", way, "", "20");
                digests.Add(failure ?? lines[^1]);
            }
            string[] failures = digests.Distinct().Count() == 1 ? [] : [$"{way}: {digests.Distinct().Count()} results in {each} processes: {string.Join("; ", digests.Distinct())}"];
            run.Keep($"replay-{way}", failures);
            yield return new(way, each, failures, [("results", digests.Distinct().Count())]);
        }
    }
}
