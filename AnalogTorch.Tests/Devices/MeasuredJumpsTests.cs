using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Tests.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.Devices;

public class MeasuredJumpsTests
{
    [Fact]
    public void TablesAreTheQuantilesOfTheStepsInTheirBin()
    {
        using var folder = new TemporaryFolder();
        var file = folder.At("pulses.csv");
        File.WriteAllText(file, "up one, up two\n0, 0\n1, 3\n2, 4\n4,\n");
        var columns = MeasuredJumps.ReadColumns(file);
        Assert.Equal([0, 1, 2, 4], columns[0]);
        Assert.Equal([0, 3, 4], columns[1]);
        var jumps = MeasuredJumps.FromSequences(columns, [[4, 0]], bins: 2, quantiles: 3);
        // Relative to the highest, 4: steps from the lower half are 0.25, 0.25 and 0.75; from the upper half 0.5 and 0.25.
        Assert.Equal([0.25f, 0.25f, 0.75f, 0.25f, 0.375f, 0.5f], jumps.UpTable());
        // One step down, from the upper half; the empty lower half takes it over.
        Assert.Equal([-1f, -1f, -1f, -1f, -1f, -1f], jumps.DownTable());
        Assert.Equal((2, 3), (jumps.Bins, jumps.Quantiles));
        jumps.Check();
        Assert.Equal(jumps, ConfigJson.Read<MeasuredJumps>(ConfigJson.Write(jumps)));
    }

    [Fact]
    public void ADeviceOfMeasuredJumpsMakesThem()
    {
        using var scope = NewDisposeScope();
        var jumps = MeasuredJumps.FromSequences([[0, 1, 2, 3, 4]], [[4, 2, 0]], bins: 4, quantiles: 2);
        var device = new JumpTable { Jumps = jumps, GMax = 4 * Units.uS, GMaxSpread = 0, GReset = 0, GResetSpread = 0 };
        var target = Bench.Target(device, new Rng(1), 3, 5);
        device.Accept(Bench.Engine("fused").Pulse(target, full([3, 5], 3, ScalarType.Int32), new Rng(2)));
        Assert.All(Bench.Floats(target.Planes.Value), value => Assert.Equal(3e-6f, value, 3 * Math.Pow(2, -24) * 4e-6));
        device.Accept(Bench.Engine("fused").Pulse(target, full([3, 5], -1, ScalarType.Int32), new Rng(3)));
        Assert.All(Bench.Floats(target.Planes.Value), value => Assert.Equal(1e-6f, value, 4 * Math.Pow(2, -24) * 4e-6));
    }

    [Theory]
    [InlineData("1,2\n3,four\n", "pulses.csv, line 2, column 2 must be a finite number, but is 'four'.")]
    [InlineData("1,2\nNaN,4\n", "pulses.csv, line 2, column 1 must be a finite number, but is 'NaN'.")]
    public void ABrokenCellIsNamedByItsPlace(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("pulses.csv"), text);
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => MeasuredJumps.ReadColumns(folder.At("pulses.csv"))).Message);
    }

    [Fact]
    public void TooLittleDataIsRefused()
    {
        Assert.StartsWith("MeasuredJumps.FromSequences needs at least two", Assert.Throws<ArgumentException>(() => MeasuredJumps.FromSequences([], [])).Message);
        Assert.StartsWith("MeasuredJumps.FromSequences needs at least two", Assert.Throws<ArgumentException>(() => MeasuredJumps.FromSequences([[1, double.NaN]], [])).Message);
        Assert.StartsWith("MeasuredJumps.FromSequences needs conductances that change", Assert.Throws<ArgumentException>(() => MeasuredJumps.FromSequences([[0, 0]], [])).Message);
    }

    /// <summary>Files of measured pulses, where there are any on this computer, and one written here; with little noise of reading.</summary>
    public static TheoryData<string> QuietFiles
    {
        get
        {
            string[] known = ["devices/crosssim-ramp/set.csv", "devices/crosssim-ramp/reset.csv"];
            return [Written, .. known.Where(file => Repository.DataFolder is { } data && File.Exists(Path.Combine(data, file)))];
        }
    }

    private const string Written = "written by the test";

    [Theory]
    [MemberData(nameof(QuietFiles))]
    public void MeasuredFilesBecomeTablesOfOrderedQuantiles(string file)
    {
        using var folder = new TemporaryFolder();
        var lines = Enumerable.Range(0, 200).Select(i => FormattableString.Invariant($"{Math.Sqrt(i)}, {i % 7 + i * i * 0.1}"));
        File.WriteAllLines(folder.At(Written), lines);
        var columns = MeasuredJumps.ReadColumns(file == Written ? folder.At(Written) : Path.Combine(Repository.DataFolder!, file));
        var jumps = MeasuredJumps.FromSequences(columns, [], bins: 20, quantiles: 11);
        jumps.Check();
        Assert.Equal((20, 11, 220), (jumps.Bins, jumps.Quantiles, jumps.UpTable().Length));
        Assert.All(jumps.UpTable().Chunk(11), bin => Assert.Equal(bin.Order(), bin));
        // The extreme quantiles are the extreme steps, relative to the span from 0, or from the lowest if that is below 0.
        var steps = columns.SelectMany(column => column.Zip(column.Skip(1), (a, b) => b - a)).ToArray();
        var span = columns.Max(column => column.Max()) - Math.Min(columns.Min(column => column.Min()), 0);
        // Steps are differences of relative conductances in double precision, a few ulp of 1 apart from relative differences.
        Assert.Equal(steps.Max() / span, jumps.UpTable().Max(), Math.Pow(2, -24) * Math.Abs(steps.Max() / span) + 1e-15);
        Assert.Equal(steps.Min() / span, jumps.UpTable().Min(), Math.Pow(2, -24) * Math.Abs(steps.Min() / span) + 1e-15);
        Assert.All(jumps.DownTable(), step => Assert.Equal(0, step));
    }
}
