using System.Globalization;
using System.Text.Json;
using TorchSharp;

namespace AnalogTorch.Examples.Torture;

/// <summary>Files with changes in their structure, over all readers.</summary>
internal sealed class FuzzPart : TorturePart
{
    private const int Chunk = 500;

    public override string Name => "fuzz";

    public override string Counts => "files";

    public override (int Small, int Long) Amount => (1_000, 110_000);

    public override IEnumerable<TortureRow> Run(TortureRun run)
    {
        var each = Math.Max(run.Amount / FuzzFormats.Names.Count, 1);
        foreach (var format in FuzzFormats.Names)
        {
            var (failures, refused, longest, most) = (new List<string>(), 0, 0.0, 0L);
            for (var from = 0; from < each; from += Chunk)
            {
                var folder = Path.Combine(run.Folder, format.Replace(' ', '-'));
                var count = Math.Min(Chunk, each - from);
                var (lines, failure) = TortureProcess.Run(TimeSpan.FromMinutes(5), run.Cancel, "fuzz", format, Text(run.Seed), Text(from), Text(count), folder);
                if (lines.Count == 1 && failure is null)
                {
                    var outcome = JsonSerializer.Deserialize<FuzzOutcome>(lines[0])!;
                    failures.AddRange(outcome.Failures);
                    (refused, longest, most) = (refused + outcome.Refused, Math.Max(longest, outcome.Longest), Math.Max(most, outcome.Most));
                    continue;
                }
                failures.Add($"{format}, files {from} to {from + count - 1} of seed {run.Seed}: the process {failure ?? "said nothing"}; the file that it met is in {folder}");
                break;
            }
            run.Keep($"fuzz-{format.Replace(' ', '-')}", failures);
            yield return new(format, each, failures, [("refused", refused), ("longest (s)", longest), ("most memory (B)", most)]);
        }
    }

    /// <summary>Tries some files in this process.</summary>
    public static int Serve(string format, long seed, int from, int count, string folder)
    {
        torch.set_num_threads(1);
        using var files = FuzzFormats.Of(format, folder);
        Console.WriteLine(JsonSerializer.Serialize(FuzzCampaign.Run(files, seed, from, count, Path.Combine(folder, "failed"))));
        return 0;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
