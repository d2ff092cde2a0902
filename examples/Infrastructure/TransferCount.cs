using AnalogTorch.Cells;
using AnalogTorch.Layers;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Examples;

/// <summary>How often layers of MSP/LSP cells were transferred, without which a training has not shown what such a cell does.</summary>
internal static class TransferCount
{
    /// <summary>Fewest transfers of a layer; null where no layer has such cells.</summary>
    public static long? Of(Module model) =>
        model.AnalogTiles().Select(entry => entry.Tile.Cells).Where(cells => cells.Cell is MspLspCell).Min(cells => (long?)cells.Transfers);

    /// <summary>What is to be said of trainings in which a layer was never transferred; null where all were.</summary>
    /// <param name="ways">Ways and their transfers.</param>
    public static string? Warning(IEnumerable<(string Way, long? Transfers)> ways)
    {
        string[] without = [.. ways.Where(way => way.Transfers == 0).Select(way => way.Way).Distinct()];
        return without.Length == 0
            ? null
            : $"Too short: a layer of {string.Join(" and ", without)} was never transferred, so these say nothing of transfers and polarity yet, and may print the same figures; train on more samples or for more epochs.";
    }
}
