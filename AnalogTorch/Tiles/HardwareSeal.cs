using System.IO.Hashing;
using AnalogTorch.Cells;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>Checksums of what hardware holds, and where it holds something else than it was given.</summary>
internal static class HardwareSeal
{
    /// <summary>The sum of a tensor's bits.</summary>
    public static UInt128 SumOf(Tensor tensor) => XxHash128.HashToUInt128(ParameterWatch.BitsOf(tensor));

    /// <summary>Refuses tensors that hold NaN or infinity.</summary>
    /// <param name="tile">The tile's name.</param>
    /// <param name="plane">What the tensor is, in words.</param>
    /// <param name="values">The tensor.</param>
    public static void CheckFinite(string tile, string plane, Tensor values)
    {
        if (!values.is_floating_point())
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var broken = values.detach().isfinite().logical_not();
        if (!broken.any().item<bool>())
            return;
        var place = broken.nonzero()[0].data<long>().ToArray();
        throw Damaged(tile, plane, $"holds NaN or infinity at [{string.Join(", ", place)}]");
    }

    /// <summary>What is said of a plane that is not what it was.</summary>
    public static InvalidDataException Damaged(string tile, string plane, string what) =>
        new($"{tile}: {plane} of its hardware {what}, so that what it would learn or answer is wrong; load a checkpoint from before, or convert the model anew.");
}

/// <summary>The seal of an array of cells: sums of its planes when the array itself last wrote them and somebody looked.</summary>
/// <remarks>
/// What devices were made as never changes, and belongs to the key of their streams. What pulses move belongs to the number of steps; after further steps it is
/// held against the effective weights instead, which must be what a read of the devices gives.
/// </remarks>
/// <param name="cells">The array.</param>
/// <param name="tile">The tile's name.</param>
/// <param name="role">What the array holds: weights or bias.</param>
internal sealed class CellSeal(CellArray cells, string tile, string role)
{
    private const string Weights = "";
    private static readonly string[] Made = ["_up", "_down", "_min", "_max", "_offset", "_range"];
    private Dictionary<string, UInt128> sums = [];
    private long key, steps;
    private bool isCurrent;

    /// <summary>Takes the planes as they are now for what they should be.</summary>
    public void Take()
    {
        (key, steps, isCurrent) = (cells.StreamKey, cells.Steps, true);
        sums = cells.State.Names.ToDictionary(name => name, name => HardwareSeal.SumOf(cells.State[name]));
        sums[Weights] = HardwareSeal.SumOf(cells.Weights);
    }

    /// <summary>Forgets what pulses move, after it was loaded.</summary>
    public void Forget() => isCurrent = false;

    /// <summary>Refuses planes that are not what they were, and takes the others anew.</summary>
    /// <returns>Numbers that were looked at, and sums that were compared.</returns>
    public (long Numbers, int Sums) Check()
    {
        var (numbers, compared) = (0L, 0);
        HardwareSeal.CheckFinite(tile, $"the plane of the {role}", cells.Weights);
        foreach (var name in cells.State.Names)
        {
            var plane = cells.State[name];
            numbers += plane.NumberOfElements;
            HardwareSeal.CheckFinite(tile, PlaneOf(name), plane);
        }
        foreach (var (name, sum) in sums)
        {
            if (key != cells.StreamKey || !(IsMade(name) || (isCurrent && steps == cells.Steps)))
                continue;
            compared++;
            if (name != Weights && !cells.State.Names.Contains(name))
                throw HardwareSeal.Damaged(tile, PlaneOf(name), "is missing");
            if (HardwareSeal.SumOf(name == Weights ? cells.Weights : cells.State[name]) != sum)
                throw HardwareSeal.Damaged(tile, name == Weights ? $"the plane of the {role}" : PlaneOf(name), "is not what was last written");
        }
        CheckReads();
        Take();
        return (numbers, compared);
    }

    /// <summary>Refuses weights that a read of the devices would not give; cells whose reads are noisy cannot be held against them.</summary>
    private void CheckReads()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var shown = cells.Weights.clone();
        var present = cells.Steps;
        cells.Refresh();
        var read = cells.Weights.clone();
        ref var counter = ref cells.State.Counter("steps");
        counter++;
        cells.Refresh();
        counter--;
        var isNoisy = !cells.Weights.equal(read).all().item<bool>();
        cells.Weights.copy_(shown);
        if (!isNoisy && cells.Steps == present && !read.equal(shown).all().item<bool>())
            throw HardwareSeal.Damaged(tile, $"the read {role}", "is not what its devices hold");
    }

    private string PlaneOf(string name) => $"the plane '{name}' ({role})";

    private static bool IsMade(string name) => Made.Any(name.EndsWith);
}
