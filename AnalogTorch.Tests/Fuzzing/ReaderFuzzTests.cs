using System.Globalization;
using AnalogTorch.Examples.Torture;
using Xunit.Abstractions;

namespace AnalogTorch.Tests.Fuzzing;

/// <summary>The part of the campaign that changes files, made small. ANALOGTORCH_FUZZ sets the number of files of each format, ANALOGTORCH_SEED the seed.</summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output)
{
    private static readonly int Files = int.TryParse(Environment.GetEnvironmentVariable("ANALOGTORCH_FUZZ"), CultureInfo.InvariantCulture, out var files) ? files : 150;

    public static TheoryData<string> Formats => new(FuzzFormats.Names);

    [Theory]
    [MemberData(nameof(Formats))]
    public void ChangedFilesAreReadOrRefused(string name)
    {
        using var folder = new TemporaryFolder();
        using var format = FuzzFormats.Of(name, folder.At("files"));
        var outcome = FuzzCampaign.Run(format, Stat.Seed, 0, Files, Path.Combine(Path.GetTempPath(), "analogtorch-fuzz"));
        output.WriteLine(FormattableString.Invariant($"{name}: seed {Stat.Seed}, {outcome.Files} files, {outcome.Refused} refused, at most {outcome.Longest:F2} s and {outcome.Most} bytes"));
        Assert.Empty(outcome.Failures);
    }
}
